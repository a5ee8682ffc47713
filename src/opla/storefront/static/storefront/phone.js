// Keeping on this phone: the button that keeps what a page shows, and the page that shows what is kept.
const module = document.querySelector("[data-kept-module]");
const kept = await import(module.dataset.keptModule);

document.querySelectorAll("[data-keep]").forEach((offer) => {
  if (!kept.able()) return;
  offer.hidden = false;
  offer.querySelector("button").addEventListener("click", async (event) => {
    try {
      await kept.keep(JSON.parse(offer.dataset.keep));
    } catch {
      event.target.textContent = offer.dataset.failed; // a private window, or a full phone
      return;
    }
    event.target.hidden = true;
    offer.querySelector("[data-done]").hidden = false;
    // Asked for so that a browser short of room does not throw it away; it may say no.
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
  });
});

const place = document.getElementById("kept");
if (place && kept.able()) {
  if (!navigator.onLine || !location.pathname.startsWith("/kept/")) {
    document.querySelector("[data-offline]").hidden = false;
  }
  document.querySelector("[data-forget-all]").addEventListener("click", async () => {
    await kept.forgetAll();
    await show();
  });
  await show();
}

async function show() {
  const things = await kept.list();
  place.replaceChildren(...things.map(drawn));
  document.querySelector("[data-nothing]").hidden = things.length > 0;
  document.querySelector("[data-forget-all]").hidden = things.length === 0;
}

/** A copy of the template, filled with text alone: nothing that is kept is ever markup. */
function drawn(thing) {
  const card = document.getElementById("kept-one").content.cloneNode(true).firstElementChild;
  card.lang = thing.language;
  fill(card, "title", thing.title);
  fill(card, "code", thing.grouped);
  fill(card, "about", (thing.notes || []).join(" · "));
  repeat(card, "row", thing.rows, (row, one) => ["label", "amount", "until"].forEach((name) => fill(row, name, one[name])));
  repeat(card, "way", thing.ways, (part, way) => {
    fill(part, "title", way.title);
    fill(part, "shown", way.shown);
    const link = part.querySelector("a");
    if (/^(tel|sms|https?):/.test(way.href || "")) {
      link.href = way.href;
      link.rel = "noreferrer";
      link.textContent = way.button;
    } else {
      link.remove();
    }
    repeat(part, "step", way.steps, (step, said) => { step.textContent = said; });
  });
  const copy = card.querySelector("[data-copy-code]");
  if (thing.pin && navigator.clipboard) {
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(thing.pin);
      copy.textContent = copy.dataset.done;
    });
  } else {
    copy.remove();
  }
  card.querySelector("[data-forget]").addEventListener("click", async () => {
    await kept.forget(thing.id);
    await show();
  });
  return card;
}

function fill(part, name, text) {
  const found = part.querySelector(`[data-fill=${name}]`);
  if (text) found.textContent = text;
  else found.remove();
}

function repeat(part, name, things, write) {
  const pattern = part.querySelector(`[data-each=${name}]`);
  (things || []).forEach((thing) => {
    const copy = pattern.cloneNode(true);
    write(copy, thing);
    pattern.before(copy);
  });
  pattern.remove();
}
