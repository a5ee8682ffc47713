// Comforts only: every page works without this file.
(function () {
  "use strict";
  // Copying needs a script, so the button appears only where there is one.
  function offerCopies() {
    if (!navigator.clipboard) return;
    document.querySelectorAll("button.copy[data-copy]").forEach(function (button) { button.hidden = false; });
  }
  offerCopies();
  document.addEventListener("htmx:afterSwap", offerCopies);
  document.addEventListener("click", function (event) {
    var button = event.target.closest("button.copy[data-copy]");
    if (!button) return;
    navigator.clipboard.writeText(button.dataset.copy).then(function () {
      button.textContent = button.dataset.done;
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
