// What makes the shop an app, on every page: its service worker, and no form that is posted into nowhere.
(function () {
  "use strict";
  var worker = navigator.serviceWorker;
  function tell(message) {
    return worker.ready.then(function (registration) { registration.active.postMessage(message); });
  }
  if (worker) {
    worker.register("/service-worker.js").catch(function () {}); // an in-app browser may refuse: then there is none
    tell({ language: document.documentElement.lang });
  }
  // Without a network nothing is posted, and nothing is kept to be posted later: the person is told, and decides again.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (navigator.onLine) {
      // Signing out, or forgetting this device: what is kept on the phone goes first.
      if (worker && form.matches("[data-forgets-phone]") && worker.controller) {
        worker.controller.postMessage({ forget: true });
      }
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    var said = form.querySelector("[data-no-network]") || document.createElement("p");
    said.className = "alert";
    said.tabIndex = -1;
    said.setAttribute("role", "alert");
    said.setAttribute("data-no-network", "");
    said.textContent = document.body.dataset.noNetwork;
    form.append(said);
    said.focus();
  }, true);
  window.addEventListener("online", function () {
    document.querySelectorAll("form [data-no-network]").forEach(function (said) { said.remove(); });
  });
})();
