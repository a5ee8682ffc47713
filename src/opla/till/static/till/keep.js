// Every page of a till lets the tablet keep the page that sells without a line (offline-worker.js).
(function () {
  "use strict";
  var told = document.body.dataset;
  if (navigator.serviceWorker && told.worker) navigator.serviceWorker.register(told.worker, { scope: told.scope });
})();
