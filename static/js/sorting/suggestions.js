// What the server suggests for the card on top, as ghost text in its boxes (templates/clips/sorting/_ghost.html). It is
// written only when somebody accepts what they see: one by a tap, all by the key. A keep writes what stands in the boxes.
// Loaded with the first answer that suggests anything.

import { capOf } from "./keymap.js";
import { tagsOf } from "./tags.js";

const ghostsOf = (card) => [...card.querySelectorAll("[data-ghost]")];
const textOf = (ghost) => ghost.querySelector("[data-ghost-text]");
const firstOf = (names) => names.split(",")[0].trim();

export class Suggestions {
  /** @param {object} page the sort page: hand, keys, queue, root, tags */
  constructor(page) {
    this.page = page;
    this.said = new Map(); // segment → what the last answer suggests
    page.root.addEventListener("click", ({ target, detail }) => {
      const ghost = target.closest("[data-ghost-use]")?.closest("[data-ghost]");
      if (!ghost) return;
      const card = ghost.closest("[data-card]");
      this.#write(card, [ghost]);
      if (detail) card.focus({ preventScroll: true }); // after a pointer's click Enter keeps
    });
    page.root.addEventListener("change", ({ target }) => {
      const said = { category: "kindChosen", people: "whoChosen" }[target.name];
      if (said) target.closest("[data-card]").dataset[said] = "";
      this.draw();
    });
    for (const moved of ["focusin", "focusout"]) page.root.addEventListener(moved, () => this.draw());
  }

  /** Take over what an answer suggests. */
  hear(answer) {
    this.said = new Map([...answer.querySelectorAll("[data-suggested]")].map(({ dataset }) => [dataset.suggested, dataset]));
    this.draw();
  }

  /** Write all that a card's ghosts say. */
  accept(card) {
    if ("ghostCrash" in card.dataset) this.page.tags.setCategory(card, "CRASH");
    this.#write(card, ghostsOf(card).filter(({ hidden }) => !hidden));
  }

  #write(card, ghosts) {
    const seen = ghosts.map((ghost) => [ghost.dataset.ghost, textOf(ghost).textContent]); // writing one may change another
    if (document.activeElement?.closest("[data-ghost]")) card.focus({ preventScroll: true }); // it goes
    for (const [box, value] of seen) this.page.tags.write(card, box, value);
  }

  /** Show on the card on top what is suggested and not written yet; nothing that does not know of the last decision. */
  draw() {
    const card = this.page.hand.current;
    if (!card) return;
    const said = this.page.queue.waiting ? undefined : this.said.get(card.dataset.segment);
    const { people, trick, category } = tagsOf(card).elements;
    // The rider of the last keep is nobody's word yet.
    const who = people.value.trim();
    const isToldWho = who && ("whoChosen" in card.dataset || who !== this.page.tags.lastPeople);
    const isDone = trick.value.trim() || category.value === "BROLL";
    const ofRider = isToldWho ? JSON.parse(said?.tricks ?? "{}")[firstOf(who)] : said?.trick;
    const values = { people: isToldWho ? "" : said?.people, trick: isDone ? "" : ofRider };
    for (const ghost of ghostsOf(card)) this.#show(ghost, values[ghost.dataset.ghost] ?? "", tagsOf(card));
    const isCrash = said && "crash" in said && category.value === "TRICK" && !("kindChosen" in card.dataset);
    card.toggleAttribute("data-ghost-crash", Boolean(isCrash));
  }

  #show(ghost, value, form) {
    const box = form.elements[ghost.dataset.ghost];
    const use = ghost.querySelector("[data-ghost-use]");
    const [key = ""] = this.page.keys.keymap.keysOf("suggestion");
    ghost.hidden = !value || box.value.trim() === value || document.activeElement === box;
    textOf(ghost).textContent = value;
    use.title = value; // a long name is cut off
    use.setAttribute("aria-label", `${use.dataset.label}: ${value}`);
    use.setAttribute("aria-keyshortcuts", key);
    use.querySelector("kbd").textContent = capOf(key);
    if (!ghost.hidden) this.page.root.dataset.suggests = ""; // the boxes get their room for it, once (css/sorting.css)
  }
}
