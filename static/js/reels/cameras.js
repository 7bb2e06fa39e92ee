// Which camera shows a clip of an edit: another one instead, which the box's form says by itself, or from the picture on
// screen on.

import { watchFrames } from "../previews/frames.js";
import { pictureMs, placeMs } from "./place.js";

const SHORTEST_MS = 100; // of what is left on both sides

export class Cameras {
  /** @param {(values: object) => void} cut tells the server to which camera, and when */
  constructor(page, player, cut) {
    Object.assign(this, { page, player, cut });
    player.screens.forEach(watchFrames);
    page.addEventListener("click", (event) => {
      const button = event.target.closest("[data-cuts-to]");
      if (button) this.#cut(button);
    });
  }

  get part() { return this.page.querySelector("#reel-clip [data-cameras]"); }
  get buttons() { return [...this.part.querySelectorAll("[data-cuts-to]")]; }

  /** Do what a key means: the next camera, or a cut to it. */
  act(name) {
    if (!this.part) return;
    const choices = [...this.part.querySelectorAll("[name=camera]")];
    const next = choices[(choices.findIndex((choice) => choice.checked) + 1) % choices.length];
    if (name === "angle") next.click();
    else this.part.querySelector(`[data-cuts-to="${CSS.escape(next.value)}"]`).click();
  }

  /** Let the buttons be used where a cut leaves something on both sides; told with each picture of the screen. */
  follow() {
    if (!this.part) return;
    const ms = placeMs(this.page, this.player);
    const { startMs, endMs } = this.part.dataset;
    const isOutside = ms === null || ms < Number(startMs) + SHORTEST_MS || ms > Number(endMs) - SHORTEST_MS;
    for (const button of this.buttons) if (button.disabled !== isOutside) button.disabled = isOutside;
  }

  #cut(button) {
    const ms = pictureMs(this.page, this.player);
    if (ms !== null) this.cut({ camera: button.dataset.cutsTo, at_ms: ms });
  }
}
