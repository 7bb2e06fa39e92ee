// The map above a card's time-line: the whole file, each of its moments and what became of it, what the time-line shows
// of it, and a mark that says where a new moment is wanted.

import { drawFilm } from "./film.js";
import { clock } from "./trim.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000;
const LEAST_WIDTH = 4;
const drawnMarks = new WeakMap(); // where moments are drawn → which
const KEYS = { ArrowLeft: -1000, ArrowDown: -1000, ArrowRight: 1000, ArrowUp: 1000, PageDown: -10000, PageUp: 10000, Home: -Infinity, End: Infinity };

function markOf({ start_ms, end_ms, score }, scale) {
  const mark = document.createElementNS(SVG, "rect");
  const tall = 30 + 70 * (score ?? 1);
  const sizes = { x: start_ms * scale, width: Math.max(LEAST_WIDTH, (end_ms - start_ms) * scale), y: 100 - tall, height: tall };
  for (const [name, value] of Object.entries(sizes)) mark.setAttribute(name, value.toFixed(1));
  return mark;
}

/** Show which stretch of the file a card's time-line shows. */
export function showWindow(card, { duration_ms }, fromMs, toMs) {
  const { style } = card.querySelector("[data-map-window]");
  style.left = `${(100 * fromMs) / duration_ms}%`;
  style.width = `${(100 * (toMs - fromMs)) / duration_ms}%`;
}

export class FileMap {
  constructor() {
    this.card = null;
    this.atMs = null; // where a new moment is wanted; null is at the player
    this.decided = new Map(); // segment → what became of it on this page, which the server may not know yet
    document.addEventListener("pointerdown", (event) => this.#point(event));
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  attach(card, facts) {
    if (this.card !== card) this.atMs = null;
    this.card = card;
    this.facts = facts;
    this.map = card.querySelector("[data-map]");
    this.#showMark();
  }

  /** Draw a card's map, maybe before the card is on top. */
  draw(card, facts) {
    const map = card.querySelector("[data-map]");
    map.setAttribute("aria-valuemax", facts.duration_ms);
    drawFilm(map.querySelector("canvas"), facts, 0, facts.duration_ms, { curves: false });
    this.#drawMarks(card, facts);
  }

  detach() {
    Object.assign(this, { card: null, map: null, facts: null, atMs: null });
  }

  /** Take the mark away. */
  clear() {
    this.atMs = null;
    if (this.map) this.#showMark();
  }

  /** Show at once what became of a moment. */
  note(segment, state) {
    if (state) this.decided.set(segment, state);
    else this.decided.delete(segment);
    if (this.map) this.#drawMarks(this.card, this.facts);
  }

  #drawMarks(card, facts) {
    const place = card.querySelector("[data-map-marks]");
    if (drawnMarks.get(place) !== facts.marks) {
      place.replaceChildren(...facts.marks.map((moment) => markOf(moment, WIDTH / facts.duration_ms)));
      drawnMarks.set(place, facts.marks);
    }
    facts.marks.forEach(({ id, state }, n) => {
      const now = id === card.dataset.segment ? "current" : this.decided.get(id) ?? state;
      if (place.children[n].dataset.state !== now) place.children[n].dataset.state = now;
    });
  }

  #place(ms) {
    this.atMs = Math.round(Math.min(this.facts.duration_ms, Math.max(0, ms)));
    this.#showMark();
  }

  #showMark() {
    const mark = this.map.querySelector("[data-map-mark]");
    mark.hidden = this.atMs === null;
    this.card.querySelector("[data-map-at]").textContent = this.atMs === null ? "" : clock(this.atMs);
    if (this.atMs === null) return;
    mark.style.left = `${(100 * this.atMs) / this.facts.duration_ms}%`;
    this.map.setAttribute("aria-valuenow", this.atMs);
    this.map.setAttribute("aria-valuetext", clock(this.atMs));
  }

  #point(event) {
    if (!this.map?.contains(event.target) || event.button > 0) return;
    event.preventDefault();
    this.map.focus({ preventScroll: true });
    const { map } = this;
    const listeners = new AbortController();
    const { signal } = listeners;
    const follow = ({ clientX }) => {
      const { left, width } = map.getBoundingClientRect();
      if (this.map === map) this.#place(((clientX - left) / width) * this.facts.duration_ms);
    };
    map.setPointerCapture(event.pointerId);
    map.addEventListener("pointermove", follow, { signal });
    for (const end of ["pointerup", "pointercancel"]) map.addEventListener(end, () => listeners.abort(), { signal });
    follow(event);
  }

  #key(event) {
    if (!this.map || event.target !== this.map || !(event.key in KEYS)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#place((this.atMs ?? Number(this.card.dataset.startMs)) + KEYS[event.key]);
  }
}
