// Trims a clip of an edit: two handles over its length, the numbers beside them, and the picture that is on screen.

import { exactClock, readClock } from "../previews/clock.js";

const SHORTEST_MS = 100;

export class Trim {
  constructor(page, player) {
    Object.assign(this, { page, player });
    page.addEventListener("input", (event) => {
      const range = event.target.closest("[data-trim] [data-range]");
      if (range) this.#slide(range);
      else if (event.target.closest("[data-trim]")) this.draw();
    });
    this.draw();
  }

  get form() { return this.page.querySelector("[data-trim]"); }

  /** Draw the handles and the bar where the numbers say. */
  draw() {
    const { form } = this;
    if (!form) return;
    const lengthMs = Number(form.dataset.lengthMs);
    const [startMs, endMs] = ["start_ms", "end_ms"].map((name) => readClock(form.elements[name].value));
    if (Number.isNaN(startMs) || Number.isNaN(endMs)) return;
    form.querySelector("[data-range=start_ms]").value = startMs;
    form.querySelector("[data-range=end_ms]").value = endMs;
    const kept = form.querySelector("[data-kept]");
    kept.setAttribute("x", (1000 * startMs) / lengthMs);
    kept.setAttribute("width", Math.max(0, (1000 * (endMs - startMs)) / lengthMs));
  }

  /** Let the clip begin ("in") or end ("out") with the picture on screen. */
  mark(edge) {
    const { form, player } = this;
    if (!form || this.page.querySelector("#reel-clip").dataset.of !== player.current) return;
    const ms = Math.round(((player.video.currentTime - Number(form.dataset.baseS)) * 1000) / player.slowDown);
    this.#set(edge === "in" ? "start_ms" : "end_ms", ms);
    form.elements[edge === "in" ? "start_ms" : "end_ms"].dispatchEvent(new Event("change", { bubbles: true }));
  }

  #slide(range) {
    this.#set(range.dataset.range, Number(range.value));
    const { form, player } = this;
    if (this.page.querySelector("#reel-clip").dataset.of !== player.current) return;
    const ms = readClock(form.elements[range.dataset.range].value);
    player.peek(Number(form.dataset.baseS) + (ms / 1000) * player.slowDown);
  }

  #set(name, ms) {
    const { form } = this;
    const lengthMs = Number(form.dataset.lengthMs);
    const [startMs, endMs] = ["start_ms", "end_ms"].map((other) => readClock(form.elements[other].value));
    const limits = name === "start_ms" ? [0, (endMs || lengthMs) - SHORTEST_MS] : [(startMs || 0) + SHORTEST_MS, lengthMs];
    form.elements[name].value = exactClock(Math.max(limits[0], Math.min(limits[1], ms)));
    this.draw();
  }
}
