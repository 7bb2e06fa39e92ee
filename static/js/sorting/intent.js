// What a decision would write, in sight before it is made: on the Keep button, and beside a finger that swipes.

import { isResolving, tagsOf } from "./tags.js";

/** The names in a box as the server reads them. */
const namesIn = (text) => [...new Set(text.split(",").map((name) => name.trim().replace(/\s+/g, " ")).filter(Boolean))];

/** Say as what a card would be kept: "Mia Berger · untagged trick", "Mia Berger · B-roll", "untagged". */
export function tagsIn(card, words) {
  const { people, trick, category } = tagsOf(card).elements;
  const rider = namesIn(people.value).join(", ");
  const what = trick.value.trim().replace(/\s+/g, " ");
  const kind = { BROLL: words.broll, CRASH: words.crash }[category.value];
  const isTrick = category.value !== "BROLL"; // which needs none
  const names = rider || what ? [rider || words.untaggedRider, what || (isTrick && words.untaggedTrick)] : [words.untagged];
  return [...names, kind].filter(Boolean).join(" · ");
}

export class Intent {
  constructor(root, words) {
    Object.assign(this, { root, words });
    this.place = root.querySelector("[data-keep-says]");
  }

  /** Let the Keep button say as what the card on top would be kept. */
  show(card) {
    const says = card ? this.#keeps(card) : "";
    if (this.place.textContent !== says) this.place.textContent = says;
  }

  /** Say what a swipe does, and whether that is sure: a name that is looked up may become another. */
  of(name, card) {
    const word = this.root.querySelector(`[data-deck] [data-do=${name}] span`).textContent;
    if (name !== "keep") return { text: word, isSure: true };
    return { text: `${word} · ${this.#keeps(card)}`, isSure: !isResolving(card) };
  }

  #keeps(card) {
    return isResolving(card) ? this.words.lookingUp : tagsIn(card, this.words);
  }
}
