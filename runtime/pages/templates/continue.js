/* Continues where the user has nothing to decide: posts an answer to the client, takes
   the top window from a frame to the client, or has a request answered again, but not
   for a user who came by Back or Reload. */
(function () {
  "use strict";
  var form = document.querySelector("form[data-continue]");
  var link = document.querySelector("a[data-continue]");
  var again = document.querySelector("a[data-again]");
  var entry = performance.getEntriesByType("navigation")[0];
  // Old browsers number the types.
  var came = entry ? entry.type : performance.navigation.type;

  if (form) form.submit();
  // A browser refuses it if the frame's page is another site than the client's.
  if (link) try { window.top.location.href = link.href; } catch (refused) { link.focus(); }
  if (again && (came === "navigate" || came === 0)) location.replace(again.href);
})();
