/* Asks whether a phone has confirmed this sign-in, and then shows what comes next. */
(function () {
  "use strict";
  var url = document.getElementById("wait").dataset.url;

  function later(milliseconds) { setTimeout(ask, milliseconds); }

  function ask() {
    // Nobody types digits into a tab that nobody sees.
    if (document.hidden) { later(1000); return; }
    fetch(url, {headers: {Accept: "application/json"}, cache: "no-store"})
      .then(function (answer) {
        if (answer.status === 429 || answer.status >= 500) throw new Error("busy");
        return answer.json();
      })
      .then(function (told) {
        if (told.state === "waiting") later(2000); else location.replace(url);
      })
      .catch(function () { later(5000); });
  }

  later(2000);
})();
