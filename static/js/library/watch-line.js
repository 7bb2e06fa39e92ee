// The line below a session's player: film and sound of the whole video, its moments, the place that is shown, and the
// span that becomes a moment. Clicks and drags on it seek.

import { drawFilm, drawSound, factsAt } from "../previews/timeline.js";
import { drawReasons } from "../previews/reasons.js";
import { clock } from "../sorting/trim.js";

const KEYS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };

export class WatchLine {
  /** @param {HTMLElement} root of the player @param {(ms: number, isDone: boolean) => void} onSeek */
  constructor(root, onSeek, signal) {
    Object.assign(this, { root, onSeek, signal, atMs: 0, span: {} });
    this.resized = new ResizeObserver(() => this.#draw());
    signal.addEventListener("abort", () => this.resized.disconnect());
    root.addEventListener("pointerdown", (event) => this.#point(event), { signal });
    root.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.attach();
  }

  get line() {
    return this.root.querySelector("[data-watch-line]");
  }

  get durationMs() {
    return Number(this.root.dataset.durationMs);
  }

  get marks() {
    return [...this.line.querySelectorAll(".watch-mark")];
  }

  /** Take up a line that the server drew, or drew again. */
  attach() {
    const { line } = this;
    for (const mark of this.marks) {
      const { startMs, endMs } = mark.dataset;
      const { style } = mark.parentElement; // htmx would copy a style of what has an id, which the page's rules refuse
      style.left = this.#percent(Number(startMs));
      style.width = this.#percent(Number(endMs) - Number(startMs));
    }
    this.resized.disconnect();
    this.resized.observe(line);
    this.facts = line.dataset.timelineFacts && factsAt(line.dataset.timelineFacts, line.dataset.version, (facts) => {
      if (line !== this.line) return;
      this.facts = facts;
      this.#draw();
    });
    this.moveTo(this.atMs);
    this.showSpan(this.span);
  }

  /** Let the head stand at a time. */
  moveTo(ms) {
    this.atMs = ms;
    const { line } = this;
    line.querySelector("[data-watch-head]").style.left = this.#percent(ms);
    const slider = line.querySelector("[data-scrub]");
    slider.setAttribute("aria-valuenow", Math.round(ms));
    slider.setAttribute("aria-valuetext", clock(ms));
  }

  /** Show from where to where the next moment goes; without an end, up to where it is played. */
  showSpan(span) {
    this.span = span;
    const shown = this.line.querySelector("[data-watch-span]");
    const { inMs, outMs = inMs } = span;
    shown.hidden = inMs === undefined;
    if (shown.hidden) return;
    shown.style.left = this.#percent(inMs);
    shown.style.width = this.#percent(outMs - inMs);
  }

  /** Mark the moment that is played; null for none. */
  showPlayed(mark) {
    for (const other of this.marks) {
      if (other === mark) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
    }
  }

  #percent(ms) {
    return `${(100 * Math.min(1, Math.max(0, ms / Math.max(1, this.durationMs)))).toFixed(3)}%`;
  }

  #draw() {
    const { line, facts } = this;
    if (!facts || facts instanceof Promise) return;
    const film = line.querySelector("[data-watch-film]");
    if (facts.picture) drawReasons(drawFilm(film, facts), facts, 0, facts.duration_ms);
    drawSound(line.querySelector("[data-watch-sound]"), facts.waveform);
  }

  #point(event) {
    const lanes = event.target.closest?.("[data-scrub]");
    if (!lanes || event.button > 0) return;
    const listeners = new AbortController();
    const { signal } = listeners;
    const msAt = ({ clientX }) => {
      const { left, width } = lanes.getBoundingClientRect();
      return Math.min(1, Math.max(0, (clientX - left) / width)) * this.durationMs;
    };
    lanes.setPointerCapture(event.pointerId);
    lanes.addEventListener("pointermove", (move) => this.onSeek(msAt(move), false), { signal });
    lanes.addEventListener("pointerup", (up) => { listeners.abort(); this.onSeek(msAt(up), true); }, { signal });
    lanes.addEventListener("pointercancel", () => listeners.abort(), { signal });
    this.onSeek(msAt(event), false);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const mark = event.target.closest?.(".watch-mark");
    if (mark && event.key in { ...KEYS, Home: 0, End: 0 }) return this.#beside(mark, event);
    if (!event.target.closest?.("[data-scrub]")) return;
    const ends = { Home: 0, End: this.durationMs };
    if (!(event.key in KEYS) && !(event.key in ends)) return;
    event.preventDefault();
    this.onSeek(ends[event.key] ?? Math.min(this.durationMs, Math.max(0, this.atMs + 1000 * KEYS[event.key])), true);
  }

  /** Go from moment to moment with the arrows: they are one stop of the Tab key. */
  #beside(mark, event) {
    event.preventDefault();
    const shown = this.marks.filter((other) => other.offsetParent);
    const last = shown.length - 1;
    const place = { Home: 0, End: last }[event.key] ?? shown.indexOf(mark) + KEYS[event.key];
    const next = shown[Math.min(last, Math.max(0, place))];
    for (const other of this.marks) other.tabIndex = other === next ? 0 : -1;
    next?.focus();
  }
}
