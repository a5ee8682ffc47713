// Passkeys: shows their forms where this browser and this address can have them, asks, and sends the answer.
(function () {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (c) { return c.charCodeAt(0); });
  }
  function text(buffer) {
    if (!buffer) return undefined;
    var plain = "";
    new Uint8Array(buffer).forEach(function (b) { plain += String.fromCharCode(b); });
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function read(form) {
    var options = JSON.parse(form.dataset.options);
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    ["excludeCredentials", "allowCredentials"].forEach(function (list) {
      (options[list] || []).forEach(function (one) { one.id = bytes(one.id); });
    });
    return { publicKey: options };
  }
  function written(found) {
    var said = found.response;
    return JSON.stringify({
      id: found.id, rawId: text(found.rawId), type: found.type, clientExtensionResults: {},
      response: {
        clientDataJSON: text(said.clientDataJSON), attestationObject: text(said.attestationObject),
        authenticatorData: text(said.authenticatorData), signature: text(said.signature), userHandle: text(said.userHandle)
      }
    });
  }
  document.querySelectorAll("form.passkey").forEach(function (form) {
    // A passkey belongs to one name of the shop: under another, or under an IP address, there is none to offer.
    if (location.hostname !== form.dataset.host) return;
    form.hidden = false;
    var failed = form.querySelector(".error");
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      failed.hidden = true;
      var asked = form.dataset.kind === "create" ? navigator.credentials.create(read(form)) : navigator.credentials.get(read(form));
      asked.then(function (found) {
        form.elements.answer.value = written(found);
        form.submit();
      }).catch(function () { failed.hidden = false; });
    });
  });
})();
