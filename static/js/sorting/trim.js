// The time-line of a card: its moment and what lies around it, and two handles for where the clip begins and ends.
// Handles move by mouse, finger, wheel and keys; the form's start_ms and end_ms are where the result is kept, as
// milliseconds or, in a box in which people write, as 1:02.500.

import { exactClock, readClock } from "../previews/clock.js";

import { decimal } from "../numbers.js";

const AROUND_MS = 5000; // shown on both sides
const EDGE = 0.02; // of the time-line: a handle that is let go there brings more of the file into view
const LEAST_MS = 100;
const PAGE_MS = 500;
const WHEEL_PX = 24; // of a finger's way on a pad is a frame; a wheel's notch is one as well

const formOf = (card) => (card.matches("[data-tags]") ? card : card.querySelector("[data-tags]"));
const readMs = ({ type, value }) => (type === "hidden" ? Number(value) : readClock(value));

export function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const tail = `${String(seconds % 60).padStart(2, "0")}.${String(Math.floor((ms % 1000) / 10)).padStart(2, "0")}`;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** What a card's time-line shows at first: its moment and some seconds around it, and all of its preview. */
export function windowOf(card) {
  const { start_ms: start, end_ms: end } = formOf(card).elements;
  const video = card.querySelector("[data-preview-video]");
  const { startMs, endMs, durationMs } = card.dataset;
  const shown = video ? [Number(video.dataset.previewStartMs), Number(video.dataset.previewEndMs)] : [Infinity, -Infinity];
  const [typedMs, typedEndMs] = [readMs(start), readMs(end)];
  return {
    fromMs: Math.min(Math.max(0, startMs - AROUND_MS), Number.isNaN(typedMs) ? Infinity : typedMs, shown[0]),
    toMs: Math.max(Math.min(Number(durationMs), Number(endMs) + AROUND_MS), Number.isNaN(typedEndMs) ? 0 : typedEndMs, shown[1]),
  };
}

export class Trim {
  /** @param {{onChange: Function, onScrub: (ms: number) => void, onWheel: (frames: number) => void, words: DOMStringMap}} page */
  constructor(page) {
    this.page = page;
    this.card = null;
    this.wheeledPx = 0;
    this.wheels = (event) => this.#wheel(event);
    document.addEventListener("pointerdown", (event) => this.#grab(event));
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  get startMs() {
    return this.#read("start", this.fromMs);
  }

  get endMs() {
    return this.#read("end", this.toMs);
  }

  get span() {
    return { startMs: this.startMs, endMs: this.endMs };
  }

  /** What was typed may be no time: the time-line ends there then. */
  #read(end, elseMs) {
    const ms = readMs(this.form.elements[`${end}_ms`]);
    return Number.isNaN(ms) ? elseMs : ms;
  }

  #write(end, ms) {
    const field = this.form.elements[`${end}_ms`];
    field.value = field.type === "hidden" ? ms : exactClock(ms);
  }

  attach(card) {
    this.track?.removeEventListener("wheel", this.wheels);
    this.card = card;
    if (!card) return;
    this.form = formOf(card);
    this.track = card.querySelector("[data-track]");
    this.track.addEventListener("wheel", this.wheels, { passive: false });
    Object.assign(this, windowOf(card));
    this.draw();
  }

  /** Bring more of the file into view where an end is at the edge; true when that changed anything. */
  #widen() {
    const { fromMs, toMs } = this;
    const near = (toMs - fromMs) * EDGE;
    if (this.startMs - fromMs < near) this.fromMs = Math.max(0, fromMs - AROUND_MS);
    if (toMs - this.endMs < near) this.toMs = Math.min(Number(this.card.dataset.durationMs), toMs + AROUND_MS);
    return fromMs !== this.fromMs || toMs !== this.toMs;
  }

  /** An end stays where it is now: more of the file may be wanted, in view and to play. */
  settle() {
    if (this.#widen()) this.draw();
    this.page.onSettled(this.span);
  }

  /** Move one end; it stays on the time-line and apart from the other. */
  set(end, ms) {
    const whole = Math.round(ms);
    if (end === "start") this.#write(end, Math.max(this.fromMs, Math.min(whole, this.endMs - LEAST_MS)));
    else this.#write(end, Math.min(this.toMs, Math.max(whole, this.startMs + LEAST_MS)));
    this.draw();
    this.page.onChange(this.span);
  }

  showPlayhead(ms) {
    const playhead = this.card?.querySelector("[data-playhead]");
    if (!playhead) return;
    playhead.hidden = false;
    playhead.style.transform = `translateX(${this.#percent(ms)}%)`; // it comes with each frame, and so must move nothing else
  }

  draw() {
    const { card, startMs, endMs } = this;
    const video = card.querySelector("[data-preview-video]");
    this.#place(card.querySelector("[data-proposed]"), Number(card.dataset.startMs), Number(card.dataset.endMs));
    this.#place(card.querySelector("[data-beyond=before]"), this.fromMs, video ? Number(video.dataset.previewStartMs) : this.fromMs);
    this.#place(card.querySelector("[data-beyond=after]"), video ? Number(video.dataset.previewEndMs) : this.toMs, this.toMs);
    this.#place(card.querySelector("[data-kept]"), startMs, endMs);
    for (const [end, ms] of [["start", startMs], ["end", endMs]]) {
      const handle = card.querySelector(`[data-handle=${end}]`);
      handle.style.left = `${this.#percent(ms)}%`;
      handle.setAttribute("aria-valuemin", end === "start" ? this.fromMs : startMs + LEAST_MS);
      handle.setAttribute("aria-valuemax", end === "start" ? endMs - LEAST_MS : this.toMs);
      handle.setAttribute("aria-valuenow", ms);
      handle.setAttribute("aria-valuetext", clock(ms));
      card.querySelector(`[data-${end}-text]`).textContent = clock(ms);
    }
    card.querySelector("[data-length-text]").textContent = `${decimal((endMs - startMs) / 1000)} ${this.page.words.seconds}`;
  }

  #place(bar, startMs, endMs) {
    bar.style.left = `${this.#percent(startMs)}%`;
    bar.style.width = `${this.#percent(endMs) - this.#percent(startMs)}%`;
  }

  #percent(ms) {
    return Math.min(100, Math.max(0, (100 * (ms - this.fromMs)) / (this.toMs - this.fromMs)));
  }

  #msAt(event) {
    const { left, width } = this.track.getBoundingClientRect();
    return this.fromMs + Math.min(1, Math.max(0, (event.clientX - left) / width)) * (this.toMs - this.fromMs);
  }

  /** A handle follows the pointer; anywhere else on the time-line the player does. */
  #grab(event) {
    if (!this.card || event.button > 0 || !this.track.contains(event.target)) return;
    event.preventDefault();
    const end = event.target.closest("[data-handle]")?.dataset.handle;
    if (end) event.target.closest("[data-handle]").focus();
    const follow = (moved) => {
      const ms = this.#msAt(moved);
      if (end) this.set(end, ms);
      this.page.onScrub(end ? this.span[`${end}Ms`] : ms);
    };
    const { track } = this;
    const listeners = new AbortController();
    const { signal } = listeners;
    const letGo = () => {
      listeners.abort();
      if (end) this.settle();
      this.page.onScrubEnd(end !== undefined);
    };
    track.setPointerCapture(event.pointerId);
    track.addEventListener("pointermove", follow, { signal });
    track.addEventListener("pointerup", letGo, { signal });
    track.addEventListener("pointercancel", letGo, { signal });
    if (!end) follow(event);
  }

  /** Over a handle the wheel moves that end by frames, elsewhere on the time-line the picture. */
  #wheel(event) {
    const way = event.deltaY || event.deltaX;
    if (!this.card || !way || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const isNotch = event.deltaMode !== 0 || Math.abs(way) > 2 * WHEEL_PX;
    this.wheeledPx = isNotch ? Math.sign(way) * WHEEL_PX : this.wheeledPx + way;
    const frames = Math.trunc(this.wheeledPx / WHEEL_PX);
    this.wheeledPx %= WHEEL_PX;
    if (!frames) return;
    const end = event.target.closest("[data-handle]")?.dataset.handle;
    if (!end) return this.page.onWheel(frames);
    this.set(end, this.span[`${end}Ms`] + frames * this.page.frameMs());
    this.settle();
    this.page.onScrub(this.span[`${end}Ms`]);
  }

  #key(event) {
    const end = event.target.dataset?.handle;
    if (!end || !this.card?.contains(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const frameMs = this.page.frameMs();
    const ms = this.span[`${end}Ms`];
    const to = {
      ArrowLeft: ms - frameMs, ArrowDown: ms - frameMs, ArrowRight: ms + frameMs, ArrowUp: ms + frameMs,
      PageDown: ms - PAGE_MS, PageUp: ms + PAGE_MS, Home: this.fromMs, End: this.toMs,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.set(end, to);
    this.settle();
    this.page.onScrub(this.span[`${end}Ms`]);
  }
}
