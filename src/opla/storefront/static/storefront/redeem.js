// The code behind the # of a voucher's QR goes into the field, and out of the address: neither the history nor anybody
// who is shown this address has it then.
(function () {
  "use strict";
  var field = document.getElementById("code"), code = location.hash.slice(1);
  if (!/^[0-9A-Za-z]{14}$/.test(code)) return;
  history.replaceState(null, "", location.pathname + location.search);
  if (field && !field.value) field.value = code.replace(/(.{4})/g, "$1 ").trim();
})();
