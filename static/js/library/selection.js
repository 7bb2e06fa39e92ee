// Selects clips, across pages and searches, for what the bar at the bottom does with them. A clip is selected by its
// checkbox, by X, by a long press; Shift takes a range, Ctrl+A the page, and the bar all that match. The selection
// lives in this tab until it is cleared or used.

const KEY = "selected clips";
const LONG_PRESS_MS = 450;
const MOVED_PX = 10;
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog";

const results = () => document.querySelector("#results");
const bar = () => document.querySelector("[data-selection-bar]");
const cards = () => [...document.querySelectorAll("#results [data-clip]")];
const query = () => results()?.dataset.query ?? "";
const total = () => Number(results()?.dataset.total ?? 0);

/** `all` is the query whose clips are all selected, but for `without`; null while single clips are. */
let chosen = load();
let anchor = null;

function load() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    return { ids: new Set(kept.ids), all: kept.all ?? null, total: kept.total ?? 0, without: new Set(kept.without) };
  } catch {
    return { ids: new Set(), all: null, total: 0, without: new Set() };
  }
}

function keep() {
  sessionStorage.setItem(KEY, JSON.stringify({ ...chosen, ids: [...chosen.ids], without: [...chosen.without] }));
}

const count = () => (chosen.all === null ? chosen.ids.size : Math.max(0, chosen.total - chosen.without.size));

function isChosen(id) {
  return chosen.all === null ? chosen.ids.has(id) : chosen.all === query() && !chosen.without.has(id);
}

function set(ids, wanted) {
  if (chosen.all !== null && chosen.all !== query()) clear();
  for (const id of ids) {
    const { set: among, has } = chosen.all === null ? { set: chosen.ids, has: wanted } : { set: chosen.without, has: !wanted };
    if (has) among.add(id);
    else among.delete(id);
  }
  draw();
}

function clear() {
  chosen = { ids: new Set(), all: null, total: 0, without: new Set() };
  anchor = null;
}

function toggle(id, { range = false } = {}) {
  const shown = cards().map((card) => card.dataset.clip);
  const from = shown.indexOf(anchor);
  const to = shown.indexOf(id);
  if (range && from >= 0 && to >= 0) set(shown.slice(Math.min(from, to), Math.max(from, to) + 1), true);
  else set([id], !isChosen(id));
  anchor = id;
}

const withNumber = ({ one, many }, n) => (n === 1 ? one : many.replace("#", n.toLocaleString(document.documentElement.lang)));

function draw() {
  keep();
  const n = count();
  document.body.toggleAttribute("data-selecting", n > 0);
  for (const card of cards()) {
    const is = isChosen(card.dataset.clip);
    card.toggleAttribute("data-chosen", is);
    card.querySelector("[data-choose]").checked = is;
  }
  if (!bar()) return;
  bar().hidden = n === 0;
  const counted = bar().querySelector("[data-selection-count]");
  counted.textContent = n ? withNumber(counted.dataset, n) : "";
  const all = bar().querySelector("[data-select-all]");
  all.hidden = chosen.all !== null || n >= total();
  all.textContent = all.dataset.text.replace("#", total().toLocaleString(document.documentElement.lang));
  makeRoom();
}

/** Let the page and its toasts end above the bar, which is as high as its buttons need. */
function makeRoom() {
  if (bar() && !bar().hidden) document.body.style.setProperty("--selection-bar", `${bar().offsetHeight}px`);
}

window.addEventListener("resize", makeRoom);

function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open || count() === 0) return;
  dialog.querySelector("form").reset();
  dialog.querySelector(".bulk-plan-box").replaceChildren();
  for (const said of dialog.querySelectorAll("[data-mark], [data-doubles]")) said.replaceChildren();
  for (const said of dialog.querySelectorAll("[data-dialog-title], [data-says-count]")) {
    said.textContent = withNumber(dialog.dataset, count());
  }
  dialog.dataset.key = crypto.randomUUID();
  dialog.showModal();
  const first = dialog.querySelector("[data-picker-input], input[type=text]") ?? dialog.querySelector("[data-dialog-submit], [type=submit]");
  first.focus({ preventScroll: true }); // it is read from the top, also where its button lies below
  const plan = dialog.querySelector("[data-dialog-plan]");
  if (plan) window.htmx.trigger(plan, "opened");
}

// Wherever the focus was before: what comes next is in the bar, or without a selection in the clips.
document.addEventListener("close", ({ target }) => {
  if (!target.matches("dialog[id^=bulk-]")) return;
  if (count()) bar().querySelector(`[data-open-dialog="${target.id}"]`).focus();
  else results().focus({ preventScroll: true });
}, true);

// A box for names takes Escape for its list; with that closed, Escape means the dialog.
document.addEventListener("keydown", (event) => {
  const box = event.key === "Escape" && event.target.closest("dialog[id^=bulk-] [data-picker]");
  if (box && box.querySelector("[data-options]").hidden) event.stopPropagation();
}, true);

// Of choices that rule each other out the last one counts.
document.addEventListener("change", ({ target }) => {
  const form = target.closest?.("dialog form[data-takes-selection]");
  if (!form) return;
  const ruledOut = target.checked ? (target.dataset.notWith ?? "").split(" ") : [];
  if (target.type !== "checkbox" && target.value) {
    for (const box of form.querySelectorAll(`[data-not-with~="${target.name}"]`)) box.checked = false;
  }
  for (const other of ruledOut.map((name) => form.elements[name]).filter(Boolean)) {
    if (other.type === "checkbox") other.checked = false;
    else other.value = "";
    other.closest("[data-picker]")?.querySelector("[data-mark]").replaceChildren();
  }
}, true);

// A box for names takes Enter for itself; with the name taken, the next Enter saves.
document.addEventListener("picked", (event) => {
  const dialog = event.target.closest("dialog[id^=bulk-]");
  if (dialog) dialog.querySelector("[data-dialog-submit]").focus();
});

/** The selection as the server reads it. Whatever takes it is sent with it, as it is at that moment. */
function written() {
  if (chosen.all === null) return { clips: [...chosen.ids].join(",") };
  return { clips: "", all: "on", query: chosen.all, without: [...chosen.without].join(",") };
}

// A form that htmx does not send, because its answer is a file.
document.addEventListener("formdata", ({ target, formData }) => {
  if (!target.matches("[data-downloads-selection]")) return;
  for (const [name, value] of Object.entries(written())) formData.set(name, value);
});

// Its file comes while the page stays, and so does the selection.
document.addEventListener("submit", ({ target }) => {
  if (target.matches("dialog [data-downloads-selection]")) setTimeout(() => target.closest("dialog").close());
});

document.addEventListener("htmx:configRequest", (event) => {
  const form = event.target.closest("[data-takes-selection]");
  if (!form) return;
  const { parameters } = event.detail;
  parameters.key = form.closest("dialog")?.dataset.key ?? crypto.randomUUID();
  Object.assign(parameters, written());
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const form = event.detail.requestConfig?.elt;
  if (!form?.matches("form[data-takes-selection]")) return;
  if (event.detail.xhr.status >= 400) { // said where the person is
    event.detail.target = form.querySelector(".bulk-plan-box");
    event.detail.swapOverride = "innerHTML";
    return;
  }
  form.closest("dialog").close();
  clear();
  draw();
});

// The clips look different now, or are others.
document.addEventListener("clips-changed", () => {
  const address = `${location.pathname}${location.search}`;
  if (results()) window.htmx.ajax("GET", address, { target: "#results", select: "#results", swap: "outerHTML", headers: { "HX-Trigger-Name": "q" } });
});

document.addEventListener("htmx:afterSettle", draw);
window.addEventListener("pageshow", () => { chosen = load(); draw(); });

document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-choose]");
  if (box) {
    event.stopPropagation();
    return toggle(box.closest("[data-clip]").dataset.clip, { range: event.shiftKey });
  }
  const card = event.target.closest("#results [data-clip]");
  if (card && count() && pressed.byFinger && !event.target.closest(".clip-archive")) {
    event.preventDefault();
    toggle(card.dataset.clip);
  } else if (event.target.closest("[data-select-all]")) {
    chosen = { ids: new Set(), all: query(), total: total(), without: new Set() };
    draw();
  } else if (event.target.closest("[data-clear-selection]")) {
    clear();
    draw();
  } else if (event.target.closest("[data-open-dialog]")) {
    openDialog(event.target.closest("[data-open-dialog]").dataset.openDialog);
  } else if (event.target.closest("[data-close-dialog]")) {
    event.target.closest("dialog").close();
  }
});

const pressed = { timer: 0, took: false, byFinger: false, x: 0, y: 0 };

// The click that ends a long press; the bar may have come under the finger meanwhile.
window.addEventListener("click", (event) => {
  if (!pressed.took || !event.detail) return;
  pressed.took = false;
  event.preventDefault();
  event.stopPropagation();
}, true);

document.addEventListener("pointerdown", (event) => {
  pressed.byFinger = event.pointerType === "touch";
  pressed.took = false;
  clearTimeout(pressed.timer);
  const card = event.target.closest("#results [data-clip]");
  if (!card || !pressed.byFinger) return;
  Object.assign(pressed, { x: event.clientX, y: event.clientY });
  pressed.timer = setTimeout(() => {
    pressed.took = true;
    navigator.vibrate?.(10);
    toggle(card.dataset.clip);
  }, LONG_PRESS_MS);
});

for (const ended of ["pointerup", "pointercancel", "scroll"]) {
  document.addEventListener(ended, () => clearTimeout(pressed.timer), { capture: true, passive: true });
}
document.addEventListener("pointermove", (event) => {
  if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > MOVED_PX) clearTimeout(pressed.timer);
}, { passive: true });
document.addEventListener("contextmenu", (event) => {
  if (pressed.byFinger && event.target.closest("#results [data-clip]")) event.preventDefault();
});

/** Press the heart of the bar, or without a selection that of the clip which is focused or pointed at. */
function heart() {
  const card = document.activeElement.closest("[data-clip]") ?? document.querySelector("[data-clip]:hover");
  const button = count() ? bar().querySelector("[data-heart-selection]") : card?.querySelector("[data-heart]");
  button?.click();
  return Boolean(button);
}

/** Rate the selected clips, or without a selection the one that is focused or pointed at. */
function rate(stars) {
  const form = document.querySelector("#rate-selection");
  const card = document.activeElement.closest("[data-clip]") ?? document.querySelector("[data-clip]:hover");
  if (!form || !(count() || card)) return false;
  const selection = count() ? written() : { clips: card.dataset.clip };
  const values = { ...selection, stars, key: crypto.randomUUID() };
  window.htmx.ajax("POST", form.getAttribute("hx-post"), { target: "#toasts", swap: "afterbegin", values });
  return true;
}

const KEYS = {
  ...Object.fromEntries([0, 1, 2, 3, 4, 5].map((stars) => [stars, () => rate(stars)])),
  x: (event) => {
    const card = document.activeElement.closest("[data-clip]");
    if (card) toggle(card.dataset.clip, { range: event.shiftKey });
    return Boolean(card);
  },
  t: () => count() > 0 && (openDialog("bulk-tags"), true),
  h: () => heart(),
  e: () => count() > 0 && (openDialog("bulk-reel"), true),
  l: () => count() > 0 && Boolean(document.getElementById("bulk-share")) && (openDialog("bulk-share"), true),
  v: () => count() > 0 && (openDialog("bulk-editor"), true),
  s: () => count() > 0 && Boolean(document.getElementById("bulk-session")) && (openDialog("bulk-session"), true),
  delete: () => count() > 0 && (openDialog("bulk-bin"), true),
  escape: () => count() > 0 && (clear(), draw(), true),
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented || event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  const holds = event.ctrlKey || event.metaKey;
  if (holds && key === "a" && cards().length) {
    event.preventDefault();
    set(cards().map((card) => card.dataset.clip), true);
  } else if (!holds && !event.altKey && KEYS[key]?.(event)) {
    event.preventDefault();
  }
});

draw();
