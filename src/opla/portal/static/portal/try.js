// Trying the API: sends what is shown to this shop with the key that was typed, and shows both as they were.
(function () {
  "use strict";
  var form = document.querySelector("form.try");
  if (!form || !window.fetch) return;
  var came = document.querySelector(".came");
  var shown = came.querySelectorAll("pre");
  var failed = form.querySelector(".error");
  var choice = form.elements.example;
  var body = form.elements.body;
  function picked() { return choice.options[choice.selectedIndex].dataset; }
  function fill() {
    var one = picked();
    body.value = one.body;
    body.closest(".field").hidden = !one.body;
  }
  function fail(why) {
    failed.textContent = why;
    failed.hidden = false;
  }
  function random() {
    return Array.from(crypto.getRandomValues(new Uint8Array(12)), function (one) { return one.toString(16).padStart(2, "0"); }).join("");
  }
  function written(first, headers, text) {
    var lines = Object.keys(headers).map(function (name) { return name + ": " + headers[name]; });
    return [first].concat(lines).join("\n") + (text ? "\n\n" + text : "");
  }
  function pretty(text) {
    try { return JSON.stringify(JSON.parse(text), null, 1); } catch (nothing) { return text; }
  }
  fill();
  choice.addEventListener("change", fill);
  form.hidden = false;
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    failed.hidden = true;
    var one = picked();
    var key = form.elements.key.value.trim();
    if (key.indexOf("opla_test_") !== 0) return fail(form.dataset.notSandbox);
    var headers = { "Authorization": "Bearer " + key, "Accept-Language": document.documentElement.lang };
    if ("keyed" in one) headers["Idempotency-Key"] = "try-" + random();
    if (one.body) {
      try { JSON.parse(body.value); } catch (wrong) { return fail(form.dataset.wrong); }
      headers["Content-Type"] = "application/json";
    }
    var asked = { method: one.method, headers: headers, credentials: "omit", cache: "no-store" };
    if (one.body) asked.body = body.value;
    // The key is not drawn: a picture of this page may be shown to others.
    var drawn = Object.assign({}, headers, { "Authorization": "Bearer opla_test_…" });
    fetch(one.path, asked).then(function (answer) {
      return answer.text().then(function (text) {
        var said = {};
        answer.headers.forEach(function (value, name) {
          if (/^(content-(type|language)|etag|retry-after|ratelimit.*|www-authenticate)$/.test(name)) said[name] = value;
        });
        shown[0].textContent = written(one.method + " " + one.path, drawn, asked.body || "");
        shown[1].textContent = written(answer.status + " " + answer.statusText, said, pretty(text));
        came.hidden = false;
      });
    }).catch(function () { fail(form.dataset.nothing); });
  });
})();
