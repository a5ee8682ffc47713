// A photo of a seller's QR, read on the phone where the browser can (BarcodeDetector); then nothing of it is sent. Other
// browsers send the form. Only an address of this shop is opened: whatever else a QR says, it is no passport of ours.
(function () {
  "use strict";
  var box = document.getElementById("photo");
  if (!box || !("BarcodeDetector" in window) || !window.createImageBitmap) return;
  var input = box.querySelector("input[type=file]"), said = box.querySelector("[role=status]");
  function tell(text) { said.textContent = text; said.hidden = !text; }
  function address(text) {
    try {
      var found = new URL(text);
      return found.origin === location.origin && /^\/verify\/[0-9A-Za-z-]{8,9}\/$/.test(found.pathname) ? found.href : "";
    } catch (_) { return ""; }
  }
  BarcodeDetector.getSupportedFormats().then(function (formats) {
    if (formats.indexOf("qr_code") < 0) return;
    box.querySelector("button").hidden = true;
    box.querySelector(".hint").textContent = box.dataset.stays;
    box.addEventListener("submit", function (event) { event.preventDefault(); });
    input.addEventListener("change", function () {
      tell("");
      if (!input.files.length) return;
      createImageBitmap(input.files[0]).then(function (picture) {
        return new BarcodeDetector({ formats: ["qr_code"] }).detect(picture);
      }).then(function (codes) {
        if (!codes.length) return tell(box.dataset.none);
        var ours = codes.map(function (code) { return address(code.rawValue); }).filter(Boolean);
        if (ours.length === 1) location.assign(ours[0]);
        else tell(box.dataset.other);
      }).catch(function () { tell(box.dataset.none); });
    });
  });
})();
