// Comforts only: every page works without this file.
(function () {
  "use strict";
  // Copying needs a script, so the button appears only where there is one.
  document.querySelectorAll("button.copy").forEach(function (button) {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(button.dataset.copy).then(function () {
        button.textContent = button.dataset.done;
      });
    });
  });
  document.querySelectorAll("button.print").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
  // Where a page came back with mistakes, begin at the first one.
  var wrong = document.querySelector("[aria-invalid=true], .alert[tabindex]");
  if (wrong) wrong.focus();
  // The title says what the page says, also after it has gone on by itself.
  document.addEventListener("htmx:afterSwap", function () {
    var heading = document.querySelector("#order h1");
    if (heading) document.title = heading.textContent.trim().replace(/\s+/g, " ") + " · " + document.title.split(" · ").slice(1).join(" · ");
  });
})();
