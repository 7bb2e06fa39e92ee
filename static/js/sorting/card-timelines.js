// The time-lines of a card: its own stretch of the file, drawn under the handles, and the map of the whole. Those of the
// next cards are drawn before they are wanted; what is drawn already is not drawn again.

import { writeLegend } from "../previews/reasons.js";
import { factsOf } from "./timeline-data.js";
import { drawFilm } from "./film.js";
import { afterPaint, whenIdle } from "./scheduling.js";
import { FileMap, showWindow } from "./map.js";
import { clock, windowOf } from "./trim.js";

const FEW = 2; // times that the legend names one by one; where the others lie the line itself shows

const sayWhen = (times) => (times.length > FEW ? `× ${times.length}` : times.map(clock).join(", "));

export class Lines {
  /** @param {import("./trim.js").Trim} trim */
  constructor(trim) {
    this.trim = trim;
    this.map = new FileMap();
    this.facts = null;
    this.legends = new WeakMap(); // card → what its legend tells of
    this.resized = new ResizeObserver(() => this.redraw());
  }

  /** Draw the lines of the card on top: what is known of its file when the card is seen, and the rest when it comes. */
  attach(card) {
    this.resized.disconnect();
    this.card = card;
    this.facts = null;
    this.map.detach();
    if (card) afterPaint(() => whenIdle(() => this.#show(card)));
  }

  /** Draw the lines of a card that is on top soon. */
  async prepare(card) {
    const facts = await factsOf(card).catch(() => null);
    if (facts && card.isConnected && card !== this.card) this.#draw(card, facts, windowOf(card));
  }

  /** Show at once what became of a moment; null asks the server's word. */
  note(segment, state) {
    this.map.note(segment, state);
  }

  redraw() {
    const { card, facts, trim } = this;
    if (!card?.isConnected || !facts) return;
    this.map.attach(card, facts);
    this.#draw(card, facts, trim);
  }

  #show(card) {
    if (this.card !== card) return;
    const show = (facts) => {
      if (this.card !== card) return;
      this.facts = facts;
      this.redraw();
    };
    this.resized.observe(card.querySelector("[data-track]"));
    factsOf(card).then(show, () => {}).then(() => factsOf(card, { isFresh: true })).then(show, () => {});
  }

  #draw(card, facts, { fromMs, toMs }) {
    drawFilm(card.querySelector("[data-film-zoom]"), facts, fromMs, toMs);
    this.map.draw(card, facts);
    showWindow(card, facts, fromMs, toMs);
    const told = [facts, fromMs, toMs];
    if (told.every((one, n) => one === this.legends.get(card)?.[n])) return;
    this.legends.set(card, told);
    writeLegend(card.querySelector("[data-reasons]"), facts, fromMs, toMs, sayWhen);
  }
}
