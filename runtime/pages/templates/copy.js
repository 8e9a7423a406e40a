/* Shows the button that copies an address, and copies it. Without scripts, or where the
   browser refuses, the address is selected by hand. */
(function () {
  "use strict";
  var button = document.querySelector("button[data-copy]");
  var field = button && document.getElementById(button.dataset.copy);
  if (!field) return;

  function say(words) { button.textContent = words; }

  // Over http there is no clipboard but this one, nor in old browsers inside apps.
  function copySelected() {
    field.focus();
    field.select();
    field.setSelectionRange(0, field.value.length);
    try { return document.execCommand("copy"); } catch (refused) { return false; }
  }

  function end(copied) { say(copied ? button.dataset.done : button.dataset.failed); }

  button.addEventListener("click", function () {
    if (!navigator.clipboard) { end(copySelected()); return; }
    navigator.clipboard.writeText(field.value).then(
      function () { end(true); },
      function () { end(copySelected()); }
    );
  });
  button.hidden = false;
})();
