// "Near me": the button appears only where the browser can say where it is, and asks for that when it is pressed.
(function () {
  "use strict";
  var form = document.getElementById("near");
  if (!form || !navigator.geolocation) return;
  var said = form.querySelector("[role=status]"), button = form.querySelector("button");
  form.hidden = false;
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    // What was chosen and not sent yet counts too.
    var other = document.querySelector("form[method=get]");
    form.elements.operator.value = other.elements.operator.value;
    form.elements.open.value = other.elements.open.checked ? "yes" : "";
    button.disabled = true;
    said.textContent = form.dataset.wait;
    navigator.geolocation.getCurrentPosition(function (found) {
      // Ten metres are near enough to find a shop by; more need not leave the phone.
      form.elements.latitude.value = found.coords.latitude.toFixed(4);
      form.elements.longitude.value = found.coords.longitude.toFixed(4);
      HTMLFormElement.prototype.submit.call(form);
    }, function () {
      button.disabled = false;
      said.textContent = form.dataset.refused;
    }, { timeout: 15000, maximumAge: 60000 });
  });
  // Shown again from the browser's memory, it is ready for another try, and holds no position.
  window.addEventListener("pageshow", function () { button.disabled = false; said.textContent = ""; form.elements.latitude.value = form.elements.longitude.value = ""; });
})();
