/* Shows WeChat's QR code in #qr: by WeChat's own script, or, where that does not come
   in time, by a frame of the same page. */
(function () {
  "use strict";
  var box = document.getElementById("qr");

  function find() { return box.querySelector("iframe"); }

  function showByWeChat() {
    if (find()) return;
    var wanted = new URL(box.dataset.frame).searchParams;
    new WxLogin({
      id: box.id,
      // In a frame only SameSite=None cookies arrive, and ours are Lax.
      self_redirect: false,
      appid: wanted.get("appid"),
      scope: wanted.get("scope"),
      redirect_uri: encodeURIComponent(wanted.get("redirect_uri")),
      state: wanted.get("state"),
      lang: document.documentElement.lang === "en" ? "en" : "cn"
    });
    find().title = box.dataset.title;
  }

  function showByFrame() {
    if (find()) return;
    var frame = document.createElement("iframe");
    frame.title = box.dataset.title;
    frame.width = 300;
    frame.height = 400;
    // WeChat's quick login talks to the WeChat on this computer.
    frame.allow = "local-network-access";
    frame.sandbox = "allow-scripts allow-same-origin allow-top-navigation " +
      "allow-forms allow-popups allow-popups-to-escape-sandbox";
    frame.src = box.dataset.frame;
    box.appendChild(frame);
  }

  // While a computer or a tab sleeps, no timer runs.
  var refresh = document.querySelector("meta[http-equiv=refresh]");
  var due = refresh && Date.now() + parseInt(refresh.content, 10) * 1000;
  if (refresh) document.addEventListener("visibilitychange", function () {
    if (document.hidden || Date.now() < due) return;
    location.replace(refresh.content.split("url=")[1]);
  });

  var script = document.createElement("script");
  script.onload = function () {
    try { showByWeChat(); } catch (error) { showByFrame(); }
  };
  script.onerror = showByFrame;
  script.src = box.dataset.script;
  document.head.appendChild(script);
  setTimeout(showByFrame, 4000);
})();
