// The cards of one open page, best first; the first one is played, the others are there already with their videos loading.
// The server says which cards there are; what was decided here and has not arrived yet is laid aside meanwhile.

import { afterPaint, whenIdle } from "./scheduling.js";
import { empty, fill, Loading } from "./prefetch.js";

const LOADED = 4; // cards whose video is fetched, from the top of the hand
const LOADED_PAST = 4; // and from the top of what was decided: as many quick undos show moving pictures at once
const KEPT_PAST = 60; // decided cards that are kept as they were, their videos' memory given back
const QUICK_MS = 250; // cards that come faster one after the other are passed over: their videos need not be fetched

const videosOf = (card) => [...card.querySelectorAll("video")]; // one for each angle

export class Hand {
  /**
   * @param {HTMLElement} table where the cards lie
   * @param {object} page
   * @param {(card: HTMLElement|null, before: HTMLElement|null) => void} page.onCurrent told when another card is on top
   * @param {(card: HTMLElement) => void} page.onComing told of each that is on top soon, maybe again, when there is time
   */
  constructor(table, { onCurrent, onComing }) {
    Object.assign(this, { table, onCurrent, onComing });
    this.past = new Map(); // segment → card, the last decided last
    this.shown = null;
    this.shown_ms = -Infinity;
    this.loading = new Loading();
  }

  get cards() {
    return [...this.table.querySelectorAll(":scope > [data-card]")];
  }

  get current() {
    return this.cards[0] ?? null;
  }

  /** Ids of all cards that the server need not send again. */
  get known() {
    return this.cards.map((card) => card.dataset.segment);
  }

  /** How many decided cards are kept. */
  get keptPast() {
    return KEPT_PAST;
  }

  card(segment) {
    return this.cards.find((card) => card.dataset.segment === segment) ?? null;
  }

  /** Lay the decided card aside; the next one is on top at once. */
  remove(card) {
    this.past.delete(card.dataset.segment);
    this.past.set(card.dataset.segment, card);
    card.remove();
    while (this.past.size > KEPT_PAST) this.past.delete(this.past.keys().next().value);
    this.show();
  }

  /** Take a card away for good: what was made is unmade. */
  drop(segment) {
    this.past.delete(segment);
    this.card(segment)?.remove();
    this.show();
  }

  /** Lay cards that were decided before all others behind these, the last decided last. */
  layBehind(cards) {
    const older = cards.map((card) => document.adoptNode(card)).filter(({ dataset }) => !this.past.has(dataset.segment));
    older.flatMap(videosOf).forEach(empty);
    this.past = new Map([...older.map((card) => [card.dataset.segment, card]), ...this.past]);
    this.#prepare();
  }

  /** Put a decided card on top again; false when the server must draw it. */
  recall(segment) {
    const card = this.card(segment) ?? this.past.get(segment);
    if (!card) return false;
    this.past.delete(segment);
    this.table.prepend(card);
    this.show();
    afterPaint(() => window.htmx.process(card));
    return true;
  }

  /**
   * Take over the truth of the server.
   *
   * @param {HTMLElement} answer the root of _hand.html
   * @param {Map<string, string>} pending what was decided here since: segment → kind
   * @param {string|null} again a segment whose decision was refused: it comes next, if it is ours still
   * @returns {boolean} whether the card on top went to somebody else
   */
  take(answer, pending, again = null) {
    const order = answer.dataset.order.trim().split(/\s+/).filter(Boolean);
    const stays = (segment) => pending.get(segment) === "undo" || (order.includes(segment) && !pending.has(segment));
    const before = this.current;
    // What was recalled here lies where it belongs, maybe under what was undone since.
    const front = this.card(answer.dataset.front) ? null : answer.dataset.front;
    this.cards.filter((card) => !stays(card.dataset.segment)).forEach((card) => card.remove());
    const sent = new Map([...answer.querySelectorAll("[data-card]")].map((card) => [card.dataset.segment, card]));
    [...sent.values()].flatMap(videosOf).forEach(empty); // fetched in their turn
    for (const segment of order.filter((one) => stays(one) && !this.card(one))) {
      const card = sent.get(segment) ?? this.past.get(segment);
      if (!card) continue;
      this.past.delete(segment);
      const before = this.card(order[order.indexOf(segment) - 1]); // what is split off lies behind the rest of it
      if (before) before.after(card);
      else this.table.append(card);
      window.htmx.process(card);
    }
    if (front && stays(front) && this.card(front)) this.table.prepend(this.card(front));
    else if (again && this.card(again) && this.card(again) !== this.current) this.current.after(this.card(again));
    this.show();
    return before !== null && !before.isConnected && !pending.has(before.dataset.segment);
  }

  show() {
    this.cards.forEach((card, index) => {
      card.inert = index > 0;
      card.toggleAttribute("data-current", index === 0);
    });
    this.#prepare();
    if (this.current === this.shown) return;
    const before = this.shown;
    const now_ms = performance.now();
    const isQuick = now_ms - this.shown_ms < QUICK_MS;
    Object.assign(this, { shown: this.current, shown_ms: now_ms });
    if (this.current && !isQuick) videosOf(this.current).slice(0, 1).forEach(fill);
    this.onCurrent(this.current, before);
  }

  /** See to what may be wanted next, as soon as what is wanted now is on the screen and moves. */
  #prepare() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => whenIdle(() => this.#load()), QUICK_MS);
  }

  /** Let the videos be loaded that may be wanted next, and let no others hold memory; their pictures stay. */
  #load() {
    const { cards } = this;
    const past = [...this.past.values()];
    const wanted = [...cards.slice(0, LOADED), ...past.slice(-LOADED_PAST).reverse()];
    [...cards, ...past].filter((card) => !wanted.includes(card)).flatMap(videosOf).forEach(empty);
    this.loading.want(wanted.flatMap(videosOf));
    for (const card of cards.slice(1, LOADED)) whenIdle(() => card.isConnected && this.onComing(card));
  }
}
