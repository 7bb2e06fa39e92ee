// What is written on a card: who, what, which kind. A card that nobody touched takes over what the one before was kept as.

const BOXES = ["people", "trick"];

export const tagsOf = (card) => card.querySelector("[data-tags]");

/** The fields of a keep, as the server wants them. */
export function keepFields(card) {
  const form = tagsOf(card);
  return ["start_ms", "end_ms", "category", "people", "trick"].map((name) => [name, form.elements[name].value.trim()]);
}

/** Whether a name that was typed is still looked up; its picker says so (js/picker.js), and when it is done. */
export const isResolving = (card) => tagsOf(card).querySelector("[data-resolving]") !== null;

/** Resolve when it is done; to false when somebody writes in the box again. */
export function whenResolved(card) {
  return new Promise((resolve) => {
    const ended = new AbortController();
    const { signal } = ended;
    const end = (goesOn) => {
      ended.abort();
      resolve(goesOn);
    };
    card.addEventListener("resolved", () => isResolving(card) || end(true), { signal });
    card.addEventListener("input", () => end(false), { signal });
  });
}

function fill(box, value) {
  box.value = value;
  box.closest("[data-picker]").querySelector("[data-mark]").textContent = ""; // that was about what was typed before
}

export class Tags {
  constructor() {
    this.last = null; // what was kept last on this page; before that the server's word stands
    document.addEventListener("input", (event) => this.#touch(event.target));
    document.addEventListener("change", (event) => this.#touch(event.target));
    document.addEventListener("submit", (event) => event.target.matches("[data-tags]") && event.preventDefault());
  }

  /** Remember what a card was kept as. */
  note(card) {
    this.last = Object.fromEntries(keepFields(card));
  }

  /** Write the last tags into a card, and say so; not into one that somebody wrote on. */
  inherit(card) {
    if (!this.last || "touched" in card.dataset) return;
    const form = tagsOf(card);
    for (const name of BOXES) fill(form.elements[name], this.last[name]);
    form.elements.category.value = this.last.category;
    const any = BOXES.some((name) => this.last[name] !== "");
    card.querySelector("[data-inherited]").toggleAttribute("data-none", !any);
  }

  focus(card, name) {
    const box = tagsOf(card).elements[name];
    box.focus();
    box.select();
  }

  /** Add somebody to those who are in it already. */
  focusEnd(card, name) {
    const box = tagsOf(card).elements[name];
    box.focus();
    box.value = box.value.trim().replace(/,$/, "");
    if (box.value) box.value += ", ";
    box.setSelectionRange(box.value.length, box.value.length);
  }

  /** Write one of the names that were used lately; true when that changed something. */
  write(card, name, value) {
    const box = tagsOf(card).elements[name];
    fill(box, value);
    this.#touch(box);
  }

  setCategory(card, category) {
    tagsOf(card).elements.category.value = category;
    this.#touch(tagsOf(card));
  }

  #touch(node) {
    const card = node.closest?.("[data-card]");
    if (!card) return;
    card.dataset.touched = "";
    card.querySelector("[data-inherited]").toggleAttribute("data-none", true);
  }
}
