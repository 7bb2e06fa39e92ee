// What is written on a card: who, what, which kind. A card that nobody touched takes over the rider of the last keep; its
// trick is one key away.

export const tagsOf = (card) => card.querySelector("[data-tags]");

/** The fields of a keep, as the server wants them. */
export function keepFields(card) {
  const form = tagsOf(card);
  return ["start_ms", "end_ms", "category", "people", "trick", "stars"].map((name) => [name, form.elements[name].value.trim()]);
}

/** Whether a name that was typed is still looked up; its picker says so (js/picker.js), and when it is done. */
export const isResolving = (card) => tagsOf(card).querySelector("[data-resolving]") !== null;

/** Whether a keep would add a name that nobody knows yet; its picker says so. */
export const hasNewNames = (card) => tagsOf(card).querySelector("[data-mark]:not(:empty)") !== null;

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
  /**
   * @param {import("./history.js").Past} past knows what was kept on this page
   * @param {(card: HTMLElement) => void} onChange told when what is written on a card may be another
   */
  constructor(past, onChange) {
    Object.assign(this, { past, onChange });
    this.heard = null; // of the last keep that stands, as the server has it
    document.addEventListener("input", (event) => this.#touch(event.target));
    document.addEventListener("change", (event) => this.#touch(event.target));
    document.addEventListener("picked", (event) => this.#tell(event.target));
    document.addEventListener("submit", (event) => event.target.matches("[data-tags]") && event.preventDefault());
  }

  /** Take over what the server says of the last keep; or what a page before this one has not sent yet. */
  hear({ people, trick }) {
    this.heard = { people, trick };
  }

  /** Note that a keep is undone: what the server said may have been of that one. */
  unhear() {
    this.heard = { people: "", trick: "" };
  }

  get lastPeople() {
    return (this.past.lastKept() ?? this.heard)?.people ?? "";
  }

  /** The trick of the last keep that has one. */
  get lastTrick() {
    return (this.past.lastKept(({ trick }) => trick) ?? this.heard)?.trick ?? "";
  }

  /** Write the last rider into a card, and say so; not into one that somebody wrote on. */
  inherit(card) {
    this.offer(card);
    if ("touched" in card.dataset) return;
    const { lastPeople } = this;
    fill(tagsOf(card).elements.people, lastPeople);
    card.querySelector("[data-inherited]").toggleAttribute("data-none", !lastPeople);
  }

  /** Have the last trick beside its box, one tap away. */
  offer(card) {
    const { lastTrick } = this;
    const chip = card.querySelector("[data-do=last-trick]");
    chip.querySelector("[data-last-trick]").textContent = lastTrick;
    chip.hidden = !lastTrick;
  }

  /** Write the last trick. */
  repeatTrick(card) {
    const { activeElement } = document;
    if (!this.lastTrick) return;
    this.write(card, "trick", this.lastTrick);
    // The chip has done its work and goes.
    if (activeElement?.matches("[data-do=last-trick]")) card.focus({ preventScroll: true });
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

  /** Write a name that was used lately. */
  write(card, name, value) {
    const box = tagsOf(card).elements[name];
    fill(box, value);
    this.#touch(box);
  }

  setCategory(card, category) {
    tagsOf(card).elements.category.value = category;
    this.#touch(tagsOf(card));
  }

  /** Give one star more; after five there is none. */
  addStar(card) {
    const input = tagsOf(card).elements.stars;
    const n = (Number(input.value) + 1) % 6;
    input.value = String(n);
    card.querySelector("[data-stars-number]").textContent = n;
    card.querySelectorAll("[data-stars-row] > *").forEach((star, place) => star.toggleAttribute("data-lit", place < n));
    this.#touch(input);
  }

  #touch(node) {
    const card = node.closest?.("[data-card]");
    if (!card) return;
    card.dataset.touched = "";
    card.querySelector("[data-inherited]").toggleAttribute("data-none", true);
    this.#tell(card);
  }

  #tell(node) {
    const card = node.closest?.("[data-card]");
    if (card) this.onChange(card);
  }
}
