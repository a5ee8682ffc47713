// "Still there?", a keypad without a round trip, and no second press. The server ends a visit without this file too.
(function () {
  "use strict";
  var ASKS_S = 10, body = document.body, dialog = document.getElementById("still"), since = Date.now(), told = 0;

  // A page out of the browser's memory is somebody's who has left.
  window.addEventListener("pageshow", function (event) { if (event.persisted) window.location.replace(body.dataset.over); });

  // Nobody is here: what is closed or sold out may have changed.
  if (body.dataset.again) setTimeout(function () { window.location.reload(); }, Number(body.dataset.again) * 1000);

  function idle() { return Number((document.getElementById("order") || body).dataset.idle || 0); }
  function touched() {
    since = Date.now();
    if (!idle() || since - told < 10000) return;
    told = since;
    var token = document.querySelector("[name=csrfmiddlewaretoken]");
    fetch(body.dataset.touch, { method: "POST", headers: token ? { "X-CSRFToken": token.value } : {} }).catch(function () {});
  }
  ["pointerdown", "keydown", "scroll"].forEach(function (what) {
    document.addEventListener(what, function () { if (!dialog.open) touched(); }, { passive: true, capture: true });
  });
  dialog.addEventListener("close", touched);
  dialog.querySelector("button").addEventListener("click", function () { dialog.close(); });
  setInterval(function () {
    if (!idle()) return;
    var left = idle() + ASKS_S - (Date.now() - since) / 1000;
    if (left <= 0) { window.location.replace(body.dataset.over); return; }
    if (left > ASKS_S) return;
    if (!dialog.open) dialog.showModal();
    dialog.querySelector(".left").textContent = String(Math.ceil(left));
  }, 500);

  // What a page says first, or what has just changed, is read first.
  function focus() {
    var first = document.querySelector(".alert[tabindex]") || document.getElementById("code") || document.querySelector("h1[tabindex]");
    if (first) first.focus();
  }
  focus();
  document.addEventListener("htmx:afterSwap", function () { since = Date.now(); focus(); });

  var pad = document.querySelector("form.pad");
  if (pad) pad.addEventListener("click", function (event) {
    var key = event.target.closest("button[name=press]");
    if (!key || key.value === "done") return;
    event.preventDefault();
    var typed = pad.elements[pad.dataset.field], longest = Number(pad.dataset.longest);
    typed.value = key.value === "back" ? typed.value.slice(0, -1) : (typed.value + key.value).slice(0, longest);
    var shown = "groups" in pad.dataset ? typed.value.replace(/(.{4})(?=.)/g, "$1 ") : typed.value;
    document.getElementById("shown").textContent = shown;
  });

  document.addEventListener("submit", function (event) {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
  });
  document.addEventListener("htmx:afterRequest", function (event) { delete event.target.dataset.sent; });
})();
