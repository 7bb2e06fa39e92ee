// The time-lines of the card on top: its own stretch of the file, drawn under the handles, and the map of the whole.

import { writeLegend } from "../reasons.js";
import { factsOf } from "./facts.js";
import { drawFilm } from "./film.js";
import { FileMap } from "./map.js";
import { clock } from "./trim.js";

export class Lines {
  /** @param {import("./trim.js").Trim} trim */
  constructor(trim) {
    this.trim = trim;
    this.map = new FileMap();
    this.facts = null;
    this.resized = new ResizeObserver(() => this.redraw());
  }

  /** Draw a card's lines: at once what is known of its file, and the rest when it comes. */
  attach(card) {
    this.resized.disconnect();
    this.card = card;
    this.facts = null;
    this.map.detach();
    if (!card) return;
    this.resized.observe(card.querySelector("[data-track]"));
    const show = (facts) => {
      if (this.card !== card) return;
      this.facts = facts;
      this.redraw();
    };
    factsOf(card).then(show, () => {}).then(() => factsOf(card, { isFresh: true })).then(show, () => {});
  }

  /** Show at once what became of a moment; null asks the server's word. */
  note(segment, state) {
    this.map.note(segment, state);
  }

  redraw() {
    const { card, facts, trim } = this;
    if (!card || !facts || !card.isConnected) return;
    drawFilm(card.querySelector("[data-film-zoom]"), facts, trim.fromMs, trim.toMs);
    const sayWhen = (times) => times.map(clock).join(", ");
    writeLegend(card.querySelector("[data-reasons]"), facts, trim.fromMs, trim.toMs, sayWhen);
    this.map.attach(card, facts);
    this.map.showWindow(trim.fromMs, trim.toMs);
  }
}
