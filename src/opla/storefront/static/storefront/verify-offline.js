// A seller's QR without a network: its signature is checked with the shop's public keys, which the page has kept
// (Ed25519 in WebCrypto). At most amber: nobody can know here whether it was withdrawn. Where anything is missing, the
// page goes on saying what it says without this file: nothing is checked.
(function () {
  "use strict";
  var box = document.getElementById("offline");
  var number = (location.pathname.match(/^\/verify\/([0-9A-Za-z-]{8,9})\/$/) || [])[1];
  var parts = (new URLSearchParams(location.search).get("proof") || "").split(".");
  if (!box || !number || parts.length !== 3 || !window.crypto || !crypto.subtle) return;
  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (sign) { return sign.charCodeAt(0); });
  }
  function read(text) { return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes(text))); }
  function show(said) {
    box.querySelectorAll("[data-said]").forEach(function (one) { one.hidden = one.dataset.said !== said; });
  }
  var head, claims, signature;
  try { head = read(parts[0]); claims = read(parts[1]); signature = bytes(parts[2]); } catch (_) { return show("red"); }
  if (head.alg !== "EdDSA") return show("red");
  // A key this phone has not kept may be newer than what it has: then nothing is said.
  var key = JSON.parse(box.dataset.keys).filter(function (one) { return one.kid === head.kid; })[0];
  if (!key) return;
  var plain = new TextEncoder().encode(parts[0] + "." + parts[1]);
  crypto.subtle.importKey("jwk", { kty: key.kty, crv: key.crv, x: key.x }, { name: "Ed25519" }, false, ["verify"])
    .then(function (opened) { return crypto.subtle.verify({ name: "Ed25519" }, opened, signature, plain); })
    .then(function (holds) {
      var place = claims.street || claims.site || claims.shop;
      var same = String(claims.sub) === number.replace("-", "").toUpperCase() && claims.iss === box.dataset.issuer;
      if (!holds || !same || !place || !(claims.exp * 1000 > Date.now())) return show("red");
      var day = new Date(claims.iat * 1000).toLocaleDateString(document.documentElement.lang);
      var facts = { place: place, name: claims.name, reg: claims.reg, issued: day };
      Object.keys(facts).forEach(function (name) { box.querySelector("[data-fill=" + name + "]").textContent = facts[name]; });
      show("amber");
    }).catch(function () { /* this browser knows no Ed25519: nothing is checked */ });
})();
