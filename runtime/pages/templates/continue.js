/* Continues where the user has nothing to decide: posts an answer to the client, or
   takes the top window from a frame to the client. */
(function () {
  "use strict";
  var form = document.querySelector("form[data-continue]");
  var link = document.querySelector("a[data-continue]");

  if (form) form.submit();
  // A browser refuses it if the frame's page is another site than the client's.
  if (link) try { window.top.location.href = link.href; } catch (refused) { link.focus(); }
})();
