// "Still there?", a keypad without a round trip, and no second press. The server ends a visit without this file too.
(function () {
  "use strict";
  // The server's margin (visiting.py) is more than what may lie between two touches that it is told of.
  var ASKS_S = 10, THROTTLE_S = 3, telling = null, body = document.body, dialog = document.getElementById("still"), since = Date.now(), told = 0;

  // A page out of the browser's memory is somebody's who has left.
  window.addEventListener("pageshow", function (event) { if (event.persisted) window.location.replace(body.dataset.over); });

  // Nobody is here: what is closed or sold out may have changed.
  if (body.dataset.again) setTimeout(function () { window.location.reload(); }, Number(body.dataset.again) * 1000);

  function idle() { return Number((document.getElementById("order") || body).dataset.idle || 0); }
  var last = idle();
  function over() { window.location.replace(body.dataset.over); }
  function tell() {
    var token = document.querySelector("[name=csrfmiddlewaretoken]");
    told = since;
    telling = new AbortController();
    fetch(body.dataset.touch, {
      method: "POST", headers: token ? { "X-CSRFToken": token.value } : {}, redirect: "manual", signal: telling.signal
    }).then(function (answer) { if (answer.type === "opaqueredirect") over(); }).catch(function () {});
  }
  // What leaves the page says itself that somebody is here. Its answer must be the last one that writes the cookie.
  function leaves(event) {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return false;
    var found = event.target.closest && event.target.closest("a[href], button:not([type=button])");
    return found && !(found.matches("form.pad [name=press]") && found.value !== "done");
  }
  function touched(event) {
    since = Date.now();
    if (leaves(event)) { if (telling) telling.abort(); return; }
    if (idle() && since - told >= THROTTLE_S * 1000) tell();
  }
  ["pointerdown", "keydown", "scroll"].forEach(function (what) {
    document.addEventListener(what, function (event) { if (!dialog.open) touched(event); }, { passive: true, capture: true });
  });
  function here() { since = Date.now(); tell(); }
  dialog.addEventListener("cancel", here);
  dialog.querySelector("button").addEventListener("click", function () { dialog.close(); here(); });
  setInterval(function () {
    if (!idle()) return;
    var left = idle() + ASKS_S - (Date.now() - since) / 1000;
    if (left <= 0) { over(); return; }
    if (left > ASKS_S) { if (dialog.open) dialog.close(); return; }
    if (!dialog.open) dialog.showModal();
    dialog.querySelector(".left").textContent = String(Math.ceil(left));
  }, 500);

  // What a page says first, or what has just changed, is read first.
  function focus() {
    var first = document.querySelector(".alert[tabindex]") || document.getElementById("code") || document.querySelector("h1[tabindex]");
    if (first) first.focus();
  }
  focus();
  // A page that changes by itself gets the time it is good for; one that goes on waiting does not.
  document.addEventListener("htmx:afterSwap", function () {
    if (idle() !== last) since = Date.now();
    last = idle();
    focus();
  });

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
