// new WxLogin({...}) puts the QR code's page into the element with that id.
(function () {
  "use strict";
  // Where this script came from, which is where the page is.
  var platform = new URL(document.currentScript.src).origin;

  // Values go in as they are: redirect_uri comes encoded.
  function address(options) {
    var redirect = { true: "true", false: "false" }[options.self_redirect] || "default";
    var query = [
      "appid=" + options.appid,
      "scope=" + options.scope,
      "redirect_uri=" + options.redirect_uri,
      "state=" + options.state,
      "login_type=jssdk",
      "self_redirect=" + redirect
    ];
    ["styletype", "sizetype", "bgcolor", "rst"].forEach(function (name) {
      query.push(name + "=" + (options[name] || ""));
    });
    if (options.style) query.push("style=" + options.style);
    if (options.href) query.push("href=" + options.href);
    if (options.lang === "en") query.push("lang=en");
    if (options.stylelite) query.push("stylelite=1");
    if (options.fast_login === 0) query.push("fast_login=0");
    if (options.color_scheme) query.push("color_scheme=" + options.color_scheme);
    return platform + "/connect/qrconnect?" + query.join("&");
  }

  window.WxLogin = function (options) {
    var frame = document.createElement("iframe");
    frame.src = address(options);
    frame.frameBorder = "0";
    frame.scrolling = "no";
    frame.width = "300px";
    frame.height = "400px";
    frame.allow = "local-network-access";
    var box = document.getElementById(options.id);
    box.innerHTML = "";
    box.appendChild(frame);
  };
})();
