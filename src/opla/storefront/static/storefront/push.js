// Being told on this phone: asked for by a tap beside an order or a reminder that there is, and never before.
(function () {
  "use strict";
  var form = document.querySelector("form.push");
  if (!form || !navigator.serviceWorker || !window.PushManager || !window.Notification || !window.caches) return;
  if (Notification.permission === "denied") return;
  var on = form.querySelector("[data-on]"), off = form.querySelector("[data-off]"), said = form.querySelector("[data-said]");
  var about = form.dataset.tag, place = location.pathname.replace(/(code|prove|proof)\/$/, "");

  function show(told) {
    on.hidden = told;
    off.hidden = !told;
    form.hidden = false;
  }
  function failed() { said.textContent = form.dataset.failed; }
  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (letter) { return letter.charCodeAt(0); });
  }
  function post(fields) {
    var body = new FormData(form);
    Object.keys(fields).forEach(function (name) { body.set(name, fields[name]); });
    return fetch(form.action, { method: "POST", body: body, credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status));
    });
  }
  // The worker keeps which page a message is about: the message itself does not say.
  function remember(registration, there) {
    registration.active.postMessage({ about: about, place: there });
  }

  caches.open("opla-said").then(function (kept) {
    return kept.match("/said/" + encodeURIComponent(about));
  }).then(function (known) { show(Boolean(known)); });

  form.addEventListener("submit", function (event) { event.preventDefault(); });
  on.addEventListener("click", function () {
    Notification.requestPermission().then(function (answer) {
      if (answer !== "granted") throw new Error(answer);
      return navigator.serviceWorker.ready;
    }).then(function (registration) {
      return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(form.dataset.key) })
        .then(function (subscription) {
          var keys = subscription.toJSON().keys;
          return post({ endpoint: subscription.endpoint, p256dh: keys.p256dh, auth: keys.auth });
        }).then(function () { remember(registration, place); show(true); });
    }).catch(failed);
  });
  off.addEventListener("click", function () {
    navigator.serviceWorker.ready.then(function (registration) {
      return registration.pushManager.getSubscription().then(function (subscription) {
        return subscription ? post({ stop: "1", endpoint: subscription.endpoint }) : null;
      }).then(function () { remember(registration, ""); show(false); });
    }).catch(failed);
  });
})();
