// A box for names with a list of who or what may be meant (templates/_picker.html). The server ranks; this asks and picks.
// Enter takes the option that the server marked (one that is called so, or what is new), one that was reached with the
// arrows, or what is typed when nothing is marked; it never sends the form around the box. Known names that a new one
// resembles stay beside the box, one tap away.
// After a pick the input fires "picked", and "resolved" when the name stands in the box, which over a slow line is a
// little later: till then the picker bears data-resolving. What nobody knows yet and saving would add is marked data-new;
// while it is being saved nothing is asked.

const ASK_AFTER_MS = 60;
const TAP_MS = 700; // a finger that rests longer clicks nothing any more
const PATIENCE_MS = 3000; // then what was typed stands as it is
const asked = new WeakMap(); // picker → number of the last question, so that a late answer is dropped
const newNames = new WeakMap(); // picker → names in its box that nobody knows yet
const answered = new Map(); // address → options, for as long as the page is open and nothing new was added
let learning = Promise.resolve(); // till the server knows the new names that were sent to it

const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cc}\s\u2800]/gu;

const pickerOf = (node) => node.closest?.("[data-picker]");
const inputOf = (picker) => picker.querySelector("[data-picker-input]");
const pickerAt = ({ target }) => (target.matches?.("[data-picker-input]") ? pickerOf(target) : null);
const listOf = (picker) => picker.querySelector("[data-options]");
const optionsOf = (picker) => [...listOf(picker).querySelectorAll("[role=option]:not([aria-disabled])")];

/** Where the name that is being typed begins: after the last comma in a box for several. */
function startOfTyped(picker) {
  const { value } = inputOf(picker);
  return "several" in picker.dataset ? value.lastIndexOf(",") + 1 : 0;
}

const typedIn = (picker) => inputOf(picker).value.slice(startOfTyped(picker)).trim();

function close(picker) {
  listOf(picker).hidden = true;
  inputOf(picker).setAttribute("aria-expanded", "false");
  inputOf(picker).removeAttribute("aria-activedescendant");
}

function mark(picker, index) {
  const options = optionsOf(picker);
  options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
  if (!options[index]) return inputOf(picker).removeAttribute("aria-activedescendant");
  inputOf(picker).setAttribute("aria-activedescendant", options[index].id);
  options[index].scrollIntoView({ block: "nearest" });
}

/** Whether the list answers what is typed now. */
const isFresh = (picker) => !listOf(picker).hidden && listOf(picker).dataset.typed === typedIn(picker);

const markedIndex = (picker) => optionsOf(picker).findIndex((option) => option.getAttribute("aria-selected") === "true");

function draw(picker, html) {
  const list = listOf(picker);
  list.innerHTML = html;
  list.dataset.typed = typedIn(picker);
  optionsOf(picker).forEach((option, index) => { option.id = `${list.id}-${index}`; });
  const any = list.childElementCount > 0;
  list.hidden = !any;
  inputOf(picker).setAttribute("aria-expanded", String(any));
  // With nothing typed the server marks nothing: Enter then leaves the box as it is.
  mark(picker, optionsOf(picker).findIndex((option) => "marked" in option.dataset));
}

/** Ask nothing until `known` resolves: new names are on their way, and the server would take what means them for new. */
export function learn(known) {
  learning = Promise.all([learning, known]).then(() => answered.clear());
}

const endOf = (signal) => new Promise((_, reject) => { signal.addEventListener("abort", () => reject(signal.reason)); });

async function optionsFor(picker, typed) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  await Promise.race([learning, endOf(signal)]);
  const { url } = picker.dataset;
  const address = `${url}${url.includes("?") ? "&" : "?"}q=${encodeURIComponent(typed)}`;
  if (!answered.has(address)) {
    const response = await fetch(address, { headers: { "HX-Request": "true" }, signal });
    if (!response.ok) return null;
    answered.set(address, (await response.text()).trim());
  }
  return answered.get(address);
}

async function ask(picker) {
  const number = (asked.get(picker) ?? 0) + 1;
  asked.set(picker, number);
  const typed = typedIn(picker);
  if (typed) await new Promise((resolve) => { setTimeout(resolve, ASK_AFTER_MS); });
  if (asked.get(picker) !== number) return;
  const html = await optionsFor(picker, typed).catch(() => null); // without a connection one types the whole name
  if (html === null || asked.get(picker) !== number || document.activeElement !== inputOf(picker)) return;
  draw(picker, html);
  showNew(picker);
}

/** Say beside the label what saving would add. */
function showNew(picker) {
  setNew(picker, optionsOf(picker).find((option) => "new" in option.dataset)?.dataset.value ?? "");
}

function setNew(picker, name) {
  const inBox = inputOf(picker).value.split(",").map((part) => part.trim());
  const known = [...(newNames.get(picker) ?? [])].filter((other) => other !== name && inBox.includes(other));
  const names = [...known, name].filter(Boolean).join(", ");
  picker.querySelector("[data-mark]").textContent = names ? `${picker.dataset.newText}: ${names}` : "";
  offerDoubles(picker, []);
}

/** Offer known names that the new one resembles; a tap writes one of them instead. */
function offerDoubles(picker, options) {
  const buttons = options.map(({ dataset: { value } }) => {
    const textContent = picker.dataset.doubleText.replace("#", value);
    const button = Object.assign(document.createElement("button"), { type: "button", className: "picker-double", textContent });
    button.dataset.value = value;
    return button;
  });
  picker.querySelector("[data-doubles]").replaceChildren(...buttons);
}

function take(picker, option) {
  const input = inputOf(picker);
  const before = input.value.slice(0, startOfTyped(picker));
  input.value = `${before}${before ? " " : ""}${option.dataset.value}`.replace(/\s+/g, " ").trimStart();
  const isNew = "new" in option.dataset;
  if (isNew) newNames.set(picker, (newNames.get(picker) ?? new Set()).add(option.dataset.value));
  setNew(picker, isNew ? option.dataset.value : "");
  if (isNew) offerDoubles(picker, optionsOf(picker).filter((other) => "double" in other.dataset));
}

/** What is typed is looked up no more; what stands in the box is made sure of. */
function begin(picker) {
  asked.set(picker, (asked.get(picker) ?? 0) + 1);
  picker.dataset.resolving = "";
  delete picker.dataset.open;
}

/** The box is done with: keys mean the card again. */
function leave(picker) {
  begin(picker);
  inputOf(picker).dispatchEvent(new CustomEvent("picked", { bubbles: true }));
}

/** The name stands in the box. */
function settle(picker) {
  const input = inputOf(picker);
  // Names of nothing that anybody sees are none.
  input.value = input.value.split(",").map((name) => name.trim()).filter((name) => name.replace(UNSEEN, "")).join(", ");
  close(picker);
  answered.clear(); // what is new now is known soon
  delete picker.dataset.resolving;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  input.dispatchEvent(new CustomEvent("resolved", { bubbles: true }));
}

function pick(option) {
  const picker = pickerOf(option);
  take(picker, option);
  leave(picker);
  settle(picker);
}

/** Enter takes the marked option. It can be faster than the list: then the list is waited for. */
function acceptTyped(picker) {
  const isAnswered = !typedIn(picker) || isFresh(picker);
  const marked = () => (listOf(picker).hidden ? null : optionsOf(picker)[markedIndex(picker)]);
  const option = isAnswered ? marked() : null;
  leave(picker);
  return finish(picker, isAnswered ? () => option : marked);
}

/** Leaving the box takes what is called as typed, or the new name as it will be written: never what is only meant maybe. */
function leaveTyped(picker) {
  begin(picker);
  return finish(picker, () => optionsOf(picker).find(({ dataset }) => "exact" in dataset || "new" in dataset));
}

/** Write what `choose` finds among the options for what is typed; without a connection it stays as typed. */
async function finish(picker, choose) {
  const typed = typedIn(picker);
  if (typed && !isFresh(picker)) {
    const html = await optionsFor(picker, typed).catch(() => null);
    if (!("resolving" in picker.dataset)) return; // somebody writes in it again
    if (html !== null && typedIn(picker) === typed) draw(picker, html);
  }
  const option = typed ? choose() : null;
  if (option) take(picker, option);
  settle(picker);
}

document.addEventListener("focusin", (event) => {
  if (pickerAt(event)) event.target.select();
});

document.addEventListener("input", (event) => {
  const picker = pickerOf(event.target);
  if (!picker) return;
  delete picker.dataset.resolving;
  picker.dataset.open = "";
  offerDoubles(picker, []);
  ask(picker);
});

document.addEventListener("keydown", (event) => {
  const picker = pickerAt(event);
  if (!picker || event.isComposing) return;
  const options = optionsOf(picker);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (listOf(picker).hidden) return void ask(picker);
    const step = event.key === "ArrowDown" ? 1 : -1;
    mark(picker, (markedIndex(picker) + step + options.length) % options.length);
  } else if (event.key === "Enter") {
    event.preventDefault();
    acceptTyped(picker);
  } else if (event.key === "Escape") {
    event.preventDefault();
    if (!listOf(picker).hidden) return close(picker);
    inputOf(picker).dispatchEvent(new CustomEvent("picked", { bubbles: true }));
    if ("open" in picker.dataset) leaveTyped(picker);
  }
});

/** The finger that took an option still clicks on what lay below the list. */
function swallowClick() {
  const stop = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  window.addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", stop, { capture: true }), TAP_MS);
}

document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest?.("[data-picker] [role=option]:not([aria-disabled])");
  if (!option) return;
  event.preventDefault(); // the box keeps the focus, so that the list does not close before the tap counts
  if (event.pointerType === "touch") swallowClick();
  pick(option);
});

document.addEventListener("click", (event) => {
  const double = event.target.closest?.("[data-picker] .picker-double");
  if (double) pick(double);
});

document.addEventListener("focusout", (event) => {
  const picker = pickerAt(event);
  if (!picker) return;
  if ("open" in picker.dataset) leaveTyped(picker);
  else close(picker);
});

// What is being typed since before this was here.
const early = document.activeElement;
if (pickerOf(early) && early.value !== early.defaultValue) early.dispatchEvent(new Event("input", { bubbles: true }));
