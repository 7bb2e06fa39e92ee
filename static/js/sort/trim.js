// The time-line of a card: what the preview shows, from edge to edge, and two handles for where the clip begins and ends.
// Handles move by mouse, finger and keys; the form's start_ms and end_ms are where the result is kept.

const AROUND_MS = 3000; // shown on both sides where there is no preview to say it
const LEAST_MS = 100;
const PAGE_MS = 500;

export function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const tail = `${String(seconds % 60).padStart(2, "0")}.${String(Math.floor((ms % 1000) / 10)).padStart(2, "0")}`;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

export class Trim {
  /** @param {{onChange: Function, onScrub: (ms: number) => void, words: DOMStringMap}} page */
  constructor(page) {
    this.page = page;
    this.card = null;
    document.addEventListener("pointerdown", (event) => this.#grab(event));
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  get startMs() {
    return Number(this.form.elements.start_ms.value);
  }

  get endMs() {
    return Number(this.form.elements.end_ms.value);
  }

  get span() {
    return { startMs: this.startMs, endMs: this.endMs };
  }

  attach(card) {
    this.card = card;
    if (!card) return;
    this.form = card.querySelector("[data-tags]");
    this.track = card.querySelector("[data-track]");
    const video = card.querySelector("[data-preview-video]");
    const { startMs, endMs, durationMs } = card.dataset;
    this.fromMs = video ? Number(video.dataset.previewStartMs) : Math.max(0, startMs - AROUND_MS);
    this.toMs = video ? Number(video.dataset.previewEndMs) : Math.min(Number(durationMs), Number(endMs) + AROUND_MS);
    this.fromMs = Math.min(this.fromMs, this.startMs);
    this.toMs = Math.max(this.toMs, this.endMs);
    this.#place(card.querySelector("[data-proposed]"), Number(startMs), Number(endMs));
    this.draw();
  }

  /** Move one end; it stays on the time-line and apart from the other. */
  set(end, ms) {
    const whole = Math.round(ms);
    if (end === "start") this.form.elements.start_ms.value = Math.max(this.fromMs, Math.min(whole, this.endMs - LEAST_MS));
    else this.form.elements.end_ms.value = Math.min(this.toMs, Math.max(whole, this.startMs + LEAST_MS));
    this.draw();
    this.page.onChange(this.span);
  }

  showPlayhead(ms) {
    const playhead = this.card?.querySelector("[data-playhead]");
    if (!playhead) return;
    playhead.hidden = false;
    playhead.style.left = `${this.#percent(ms)}%`;
  }

  draw() {
    const { card, startMs, endMs } = this;
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
    card.querySelector("[data-length-text]").textContent = `${((endMs - startMs) / 1000).toFixed(1)} ${this.page.words.seconds}`;
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
      this.page.onScrubEnd(end !== undefined);
    };
    track.setPointerCapture(event.pointerId);
    track.addEventListener("pointermove", follow, { signal });
    track.addEventListener("pointerup", letGo, { signal });
    track.addEventListener("pointercancel", letGo, { signal });
    if (!end) follow(event);
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
    this.page.onScrub(this.span[`${end}Ms`]);
  }
}
