// Trims a clip of an edit over its pictures, with the handles of a sort card; the numbers below them say the same. Times
// count from the clip's own start, which is as far as a trim reaches.

import { exactClock } from "../previews/clock.js";
import { drawFilm } from "../sorting/film.js";
import { factsOf } from "../sorting/timeline-data.js";
import { Trim as Handles } from "../sorting/trim.js";
import { peekAt, placeMs } from "./place.js";

const SETTLED_MS = 400; // keys and wheels come in rows: the last one is saved

export class Trim {
  constructor(page, player) {
    Object.assign(this, { page, player, timer: 0, drawn: null });
    this.handles = new Handles({
      words: page.dataset,
      frameMs: () => Number(this.form.dataset.frameUs) / 1000,
      onChange: () => this.form.toggleAttribute("data-moved", true),
      onScrub: (ms) => peekAt(page, player, ms),
      onScrubEnd: () => this.#save(),
      onSettled: () => { clearTimeout(this.timer); this.timer = setTimeout(() => this.#save(), SETTLED_MS); },
      onWheel: (frames) => player.step(frames),
    });
    this.resized = new ResizeObserver(() => this.#drawFilm());
    page.addEventListener("input", (event) => event.target.closest("[data-trim-form]") && this.draw());
  }

  get form() { return this.page.querySelector("[data-trim-form]"); }

  /** Whether a handle was moved and the server was not told yet: the box must not be drawn anew under it. */
  get isMoved() { return Boolean(this.form?.hasAttribute("data-moved")); }

  /** Draw the handles where the numbers say. */
  draw() {
    const { form, handles } = this;
    if (handles.card === form) return void (form && handles.draw());
    this.resized.disconnect();
    handles.attach(form);
    if (!form) return;
    for (const handle of form.querySelectorAll("[data-handle]")) handle.id = `trim-handle-${handle.dataset.handle}`;
    this.resized.observe(form.querySelector("[data-track]"));
    factsOf(form).then((facts) => { this.drawn = { form, facts }; this.#drawFilm(); }, () => undefined);
  }

  /** Show where the player is; told with each picture of the screen. */
  follow() {
    if (!this.form || this.handles.card !== this.form) return;
    const ms = placeMs(this.page, this.player);
    if (ms === this.placeMs) return;
    this.placeMs = ms;
    if (ms !== null) this.handles.showPlayhead(ms);
  }

  /** Let the clip begin ("in") or end ("out") with the picture on screen. */
  mark(edge) {
    const ms = placeMs(this.page, this.player);
    if (!this.form || ms === null) return;
    this.handles.set(edge === "in" ? "start" : "end", ms);
    this.#save();
  }

  #drawFilm() {
    const { drawn, form, handles } = this;
    if (!form || drawn?.form !== form) return;
    const startMs = Number(form.dataset.clipStartMs);
    drawFilm(form.querySelector("[data-film-zoom]"), drawn.facts, startMs + handles.fromMs, startMs + handles.toMs, { curves: false });
  }

  /** Tell the server where the handles are, if they were moved. */
  #save() {
    clearTimeout(this.timer);
    const { form } = this;
    if (!this.isMoved) return;
    form.removeAttribute("data-moved");
    if (this.page.hasAttribute("data-read-only")) return;
    for (const name of ["start_ms", "end_ms"]) form.elements[name].value = exactClock(this.handles.span[name === "start_ms" ? "startMs" : "endMs"]);
    form.dispatchEvent(new Event("change", { bubbles: true }));
  }
}
