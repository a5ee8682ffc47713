// Selling without a line. The tablet makes its keys here; pages cannot read them. A sale is written down and signed before its
// code is shown, and told when the line is back. opla.core.offline says how it is written, operations/offline.py how it is sealed.
(function () {
  "use strict";
  var root = document.querySelector("[data-offline]");
  if (!root || !window.indexedDB || !window.crypto || !crypto.subtle) return;
  var words = root.dataset;
  var FIRST = "0".repeat(64);
  var WAITS_S = [0, 0, 0, 60, 300, 900];

  // ── kept on this tablet ──
  function store() {
    return new Promise(function (found, failed) {
      var asked = indexedDB.open("opla-till", 1);
      asked.onupgradeneeded = function () {
        asked.result.createObjectStore("held");
        asked.result.createObjectStore("sales", { keyPath: "place" });
      };
      asked.onsuccess = function () { found(asked.result); };
      asked.onerror = function () { failed(asked.error); };
    });
  }
  function inside(names, mode, act) {
    return store().then(function (db) {
      return new Promise(function (done, failed) {
        var turn = db.transaction(names, mode, { durability: "strict" });
        var result = act(turn);
        turn.oncomplete = function () { db.close(); done(result && "result" in result ? result.result : undefined); };
        turn.onabort = turn.onerror = function () { db.close(); failed(turn.error); };
      });
    });
  }
  function held() { return inside(["held"], "readonly", function (t) { return t.objectStore("held").get("now"); }); }
  // Only if nothing was sold meanwhile, on whatever page: what is kept is replaced whole, or not at all.
  function keep(value, before) {
    return inside(["held", "sales"], "readwrite", function (turn) {
      var shelf = turn.objectStore("held");
      shelf.get("now").onsuccess = function (found) {
        var there = found.target.result;
        if ((there ? there.key + there.n : "") !== before) return turn.abort();
        turn.objectStore("sales").getAll().onsuccess = function (told) {
          if (told.target.result.some(function (one) { return !one.result; })) return turn.abort();
          shelf.put(value, "now");
        };
      };
    });
  }
  function wrongPin(key) {
    return inside(["held"], "readwrite", function (turn) {
      var shelf = turn.objectStore("held");
      shelf.get("now").onsuccess = function (found) {
        var there = found.target.result;
        if (!there || there.key !== key) return;
        there.wrong += 1;
        there.notBefore = Date.now() + 1000 * WAITS_S[Math.min(there.wrong, WAITS_S.length - 1)];
        shelf.put(there, "now");
      };
    });
  }
  function sales() { return inside(["sales"], "readonly", function (t) { return t.objectStore("sales").getAll(); }); }

  // ── bytes ──
  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (c) { return c.charCodeAt(0); });
  }
  function base64(buffer) {
    var plain = Array.from(new Uint8Array(buffer), function (b) { return String.fromCharCode(b); }).join("");
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function utf8(text) { return new TextEncoder().encode(text); }
  function hex(buffer) {
    return Array.from(new Uint8Array(buffer), function (b) { return b.toString(16).padStart(2, "0"); }).join("");
  }

  // ── codes are given ──
  var CURVE = "P-256";
  function made(name, uses) { return crypto.subtle.generateKey({ name: name, namedCurve: CURVE }, false, uses); }
  async function give(pin, wanted) {
    await tell();
    if ((await sales()).some(function (one) { return !one.result; })) throw new Error(words.waits);
    var old = await held();
    var before = old ? old.key + old.n : "";
    var wrapping = await made("ECDH", ["deriveBits"]);
    var signing = await made("ECDSA", ["sign"]);
    var answer = await fetch(words.codes, {
      method: "POST", credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": root.querySelector("[name=csrfmiddlewaretoken]").value },
      body: JSON.stringify({
        pin: pin, wanted: wanted,
        wrapping: base64(await crypto.subtle.exportKey("raw", wrapping.publicKey)),
        signing: base64(await crypto.subtle.exportKey("raw", signing.publicKey))
      })
    });
    var given = await answer.json();
    if (!answer.ok) throw new Error(given.message);
    given.wrapping = wrapping.privateKey;
    given.signing = signing.privateKey;
    given.n = 0;
    given.before = FIRST;
    given.wrong = 0;
    given.notBefore = 0;
    await keep(given, before);
    return given;
  }
  async function secret(now, pin) {
    var theirs = await crypto.subtle.importKey("raw", bytes(now.point), { name: "ECDH", namedCurve: CURVE }, false, []);
    var shared = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, now.wrapping, 256);
    var typed = await crypto.subtle.importKey("raw", utf8(pin), "PBKDF2", false, ["deriveBits"]);
    var slow = { name: "PBKDF2", hash: "SHA-256", salt: bytes(now.salt), iterations: now.rounds };
    var stretched = await crypto.subtle.deriveBits(slow, typed, 256);
    var both = new Uint8Array(64);
    both.set(new Uint8Array(shared), 0);
    both.set(new Uint8Array(stretched), 32);
    var base = await crypto.subtle.importKey("raw", both, "HKDF", false, ["deriveKey"]);
    var how = { name: "HKDF", hash: "SHA-256", salt: bytes(now.salt), info: utf8("opla offline 1") };
    return crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
  }

  // ── a code is sold ──
  function sellable(now) {
    var today = new Date().toISOString().slice(0, 10);
    return now.codes.filter(function (one) { return !one.sold && (!one.until || one.until >= today); });
  }
  async function opened(now, code, pin) {
    var box = bytes(code.box);
    try {
      return new TextDecoder().decode(await crypto.subtle.decrypt(
        { name: "AES-GCM", iv: box.slice(0, 12), additionalData: utf8(code.id) }, await secret(now, pin), box.slice(12)));
    } catch (nothing) {
      await wrongPin(now.key);
      throw new Error(words.wrong);
    }
  }
  // A code that was sold, for a customer who has not written it down: until other codes are taken.
  async function again(n, pin) {
    var now = await held();
    if (Date.now() < now.notBefore) throw new Error(words.later);
    var code = now.codes.find(function (one) { return one.sold === n; });
    if (!code) throw new Error(words.none);
    return { code: await opened(now, code, pin), of: code, n: n };
  }
  async function sell(sku, pin) {
    var now = await held();
    if (Date.now() < now.notBefore) throw new Error(words.later);
    var code = sellable(now).find(function (one) { return one.sku === sku; });
    if (!code) throw new Error(words.none);
    var plain = await opened(now, code, pin);
    var n = now.n + 1;
    var lines = ["opla-offline-1", now.key, n, code.id, code.price_minor, code.currency, new Date().toISOString(), now.clerk, now.before];
    var text = lines.join("\n") + "\n";
    var signature = base64(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, now.signing, utf8(text)));
    var digest = hex(await crypto.subtle.digest("SHA-256", utf8(text)));
    // Written down in one step, on the disk, before anybody sees the code; and only if no other page was quicker.
    await inside(["held", "sales"], "readwrite", function (turn) {
      var shelf = turn.objectStore("held");
      var asked = shelf.get("now");
      asked.onsuccess = function () {
        var there = asked.result;
        var same = there && there.key === now.key && there.n === now.n;
        if (!same) return turn.abort();
        there.n = n;
        there.before = digest;
        there.wrong = 0;
        there.notBefore = 0;
        there.codes.forEach(function (one) { if (one.id === code.id) one.sold = n; });
        shelf.put(there, "now");
        turn.objectStore("sales").add({
          place: now.key + " " + String(n).padStart(6, "0"), key: now.key, n: n, text: text, signature: signature, result: ""
        });
      };
    });
    return { code: plain, of: code, n: n };
  }

  // ── what was sold is told ──
  function post(some) {
    return fetch(words.sales, {
      method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ sales: some.map(function (one) { return { text: one.text, signature: one.signature }; }) })
    });
  }
  var telling = null;
  function tell() {
    if (!telling) telling = told().finally(function () { telling = null; });
    return telling;
  }
  async function told() {
    var all = await sales();
    var keys = Array.from(new Set(all.filter(function (one) { return !one.result; }).map(function (one) { return one.key; })));
    for (var key of keys) {
      var of = all.filter(function (one) { return one.key === key; });
      var some = of.filter(function (one) { return !one.result; }).slice(0, 500);
      var answer = await post(some), came = await answer.json();
      if (answer.status === 422 && came.code === "offline_gap") {  // it was set back: all from there on, told before or not
        some = of.filter(function (one) { return one.n >= Number(came.next); }).slice(0, 500);
        answer = await post(some);
        came = await answer.json();
      }
      if (!answer.ok) throw new Error(came.message);
      await inside(["sales"], "readwrite", function (turn) {
        var shelf = turn.objectStore("sales");
        some.forEach(function (one) {
          var of = came.results.find(function (two) { return two.n === one.n; });
          if (of) { one.result = of.result; shelf.put(one); }
        });
      });
    }
  }

  // ── the page ──
  var stockList = root.querySelector(".held");
  var form = root.querySelector("form.sell");
  var shown = root.querySelector(".ticket");
  var alert = root.querySelector(".alert");
  var state = root.querySelector(".state");
  var back = root.querySelector(".back");
  var look = root.querySelector("form.look");
  function say(text) {
    if (!alert) return;
    alert.textContent = text;
    alert.hidden = !text;
  }
  function money(minor, currency) {
    return new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: currency }).format(minor / 100);
  }
  async function draw() {
    var now = await held();
    var left = now ? sellable(now) : [];
    var unsent = (await sales()).filter(function (one) { return !one.result; }).length;
    if (!state) return;
    state.textContent = words.unsent.replace("{n}", unsent);
    state.classList.toggle("mind", unsent > 0);
    if (!stockList) return;
    var chosen = form.elements.sku ? form.elements.sku.value : "";
    stockList.textContent = "";
    var skus = Array.from(new Set(left.map(function (one) { return one.sku; })));
    skus.forEach(function (sku) {
      var of = left.filter(function (one) { return one.sku === sku; });
      var label = document.createElement("label");
      label.className = "choice";
      var radio = document.createElement("input");
      radio.type = "radio"; radio.name = "sku"; radio.value = sku; radio.required = true; radio.checked = sku === chosen;
      label.append(radio, " " + of[0].product + " · " + of[0].shown + " ");
      var small = document.createElement("small");
      small.textContent = words.left.replace("{n}", of.length);
      label.append(small);
      stockList.append(label);
    });
    root.querySelector(".nothing").hidden = skus.length > 0;
    form.hidden = skus.length === 0;
    var gone = now ? now.codes.filter(function (one) { return one.sold; }) : [], choice = look.elements.n;
    choice.textContent = "";
    gone.sort(function (one, other) { return other.sold - one.sold; }).forEach(function (one) {
      choice.add(new Option(one.sold + " · " + one.product + " · " + one.shown + " · " + one.serial, one.sold));
    });
    look.parentElement.hidden = gone.length === 0;
  }
  async function trying() {
    try {
      await tell();
      if (back) back.hidden = false;
    } catch (why) {
      if (back) back.hidden = true;
      if (!(why instanceof TypeError)) say(why.message);  // a TypeError is the line, which is why this page exists
    }
    await draw();
  }
  if (form) form.addEventListener("submit", async function (event) {
    event.preventDefault();
    say("");
    var button = form.querySelector("button.main");
    if (button.disabled) return;
    button.disabled = true;
    try {
      show(await sell(form.elements.sku.value, form.elements.pin.value));
      form.reset();
    } catch (why) {
      say((why && why.message) || words.none);
    }
    button.disabled = false;
    form.elements.pin.value = "";
    await trying();
  });
  if (look) look.addEventListener("submit", async function (event) {
    event.preventDefault();
    say("");
    try {
      show(await again(Number(look.elements.n.value), look.elements.pin.value));
    } catch (why) {
      say((why && why.message) || words.none);
    }
    look.elements.pin.value = "";
  });
  function show(sold) {
    shown.querySelector(".of").textContent = sold.of.product + " · " + sold.of.shown;
    shown.querySelector(".code").textContent = sold.code.replace(/(.{4})(?=.)/g, "$1 ");
    shown.querySelector(".serial").textContent = sold.of.serial;
    shown.querySelector(".number").textContent = sold.n;
    shown.querySelector(".take").textContent = words.take.replace("{coins}", sold.of.coins);
    shown.dataset.coins = sold.of.coins_minor;
    shown.dataset.currency = sold.of.currency;
    shown.querySelector(".change").textContent = "";
    shown.hidden = false;
    shown.querySelector("h2").focus();
  }
  if (shown) {
    shown.querySelector(".given").addEventListener("input", function (event) {
      var given = Math.round(100 * parseFloat(event.target.value.replace(",", ".")));
      var back = given - Number(shown.dataset.coins);
      shown.querySelector(".change").textContent = back >= 0 ? words.back.replace("{change}", money(back, shown.dataset.currency)) : "";
    });
    shown.querySelector(".print").addEventListener("click", function () { window.print(); });
    shown.querySelector(".done").addEventListener("click", function () {
      shown.querySelector(".code").textContent = "";
      shown.querySelector(".given").value = "";
      shown.hidden = true;
    });
  }
  var asking = root.querySelector("form.ask");
  if (asking) asking.addEventListener("submit", async function (event) {
    event.preventDefault();
    say("");
    var wanted = {};
    asking.querySelectorAll("[data-sku]").forEach(function (one) {
      if (Number(one.value) > 0) wanted[one.dataset.sku] = Number(one.value);
    });
    var button = asking.querySelector("button.main");
    button.disabled = true;
    try {
      var given = await give(asking.elements.pin.value, wanted);
      state.textContent = words.given.replace("{n}", given.codes.length);
      asking.reset();
      if (navigator.storage && navigator.storage.persist) await navigator.storage.persist();
    } catch (why) {
      say(why.message);
    }
    asking.elements.pin.value = "";
    button.disabled = false;
  });
  // A shift is counted when all that was sold is told: else the coins of it would be nobody's.
  var closes = document.querySelector("form[data-closes]");
  if (closes) closes.addEventListener("submit", async function (event) {
    if (closes.dataset.told) return;
    event.preventDefault();
    try {
      await tell();
    } catch (nothing) { /* said below */ }
    if ((await sales()).some(function (one) { return !one.result; })) return say(words.waits);
    closes.dataset.told = "1";
    closes.requestSubmit();
  });
  if (navigator.serviceWorker) navigator.serviceWorker.register(words.worker, { scope: words.scope });
  window.addEventListener("online", trying);
  window.setInterval(trying, 15000);
  trying();
})();
