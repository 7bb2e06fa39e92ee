// Moves the crop that upright films have of a clip: its frame lies over the picture, and is dragged sideways or moved by
// arrow keys. Where it is let go it stays at that time of the clip; between two such times it glides.

import { peekAt, placeMs } from "./place.js";

const SHAPE = 9 / 16;
const STEPS = { ArrowLeft: -10, ArrowDown: -10, ArrowRight: 10, ArrowUp: 10, PageDown: -50, PageUp: 50, Home: -1000, End: 1000 };
const SETTLED_MS = 400; // keys come in rows: the last one is saved
const MOVED_PX = 4; // less is a click, which plays
const MIDDLE = 500; // of a thousand

/** Where the frame lies at a time, by the places where it was put; undefined for none. */
function middleAt(places, ms) {
  const after = places.findIndex(([atMs]) => atMs >= ms);
  if (after <= 0) return places.at(after)?.[1]; // before the first, or behind the last
  const [[fromMs, from], [toMs, to]] = [places[after - 1], places[after]];
  return from + ((to - from) * (ms - fromMs)) / (toMs - fromMs);
}

export class Crop {
  /** @param {(values: object) => void} save tells the server a place */
  constructor(page, player, save) {
    Object.assign(this, { page, player, save, isOn: false, held: null, timer: 0 });
    this.overlay = page.querySelector("[data-crop]");
    if (!this.overlay) return;
    this.frame = this.overlay.querySelector("[data-crop-frame]");
    this.overlay.addEventListener("pointerdown", (event) => this.#grab(event));
    this.frame.addEventListener("keydown", (event) => this.#key(event));
    page.addEventListener("click", (event) => this.#click(event.target));
  }

  get box() { return this.page.querySelector("#reel-clip"); }
  get part() { return this.box.querySelector("[data-crop-places]"); }
  get places() { return JSON.parse(this.part?.dataset.cropPlaces || "[]"); }

  /** Let the buttons of the box say whether the frame is shown. */
  draw() {
    if (!this.overlay || !this.part) return;
    this.part.querySelector("[data-crop-toggle]").setAttribute("aria-pressed", String(this.isOn));
    for (const part of this.part.querySelectorAll("[data-crop-tools]")) part.hidden = !this.isOn;
  }

  /** Lead the frame over the picture; told with each picture of the screen. */
  follow() {
    if (!this.overlay) return;
    const ms = placeMs(this.page, this.player);
    const isShown = this.isOn && ms !== null && Boolean(this.part) && !this.page.hasAttribute("data-read-only") && this.player.video.videoWidth > 0;
    if (this.overlay.hidden === isShown) this.overlay.hidden = !isShown;
    if (!isShown || this.held || this.timer) return;
    this.#put(middleAt(this.places, ms) ?? MIDDLE);
  }

  #click(target) {
    if (target.closest("[data-crop-toggle]")) this.#toggle();
    const goes = target.closest("[data-crop-at]");
    if (goes) peekAt(this.page, this.player, Number(goes.dataset.cropAt));
  }

  #toggle() {
    this.isOn = !this.isOn;
    this.draw();
    if (!this.isOn) return;
    const start = this.part.querySelector("[data-crop-at]");
    peekAt(this.page, this.player, Number(start.dataset.cropAt));
    this.page.querySelector("[data-reel-player]").scrollIntoView({ block: "nearest" });
  }

  /** Lay the frame over the picture, which a video shows as large as it fits. */
  #put(middle) {
    const { video } = this.player;
    const [wide, tall] = [video.clientWidth, video.clientHeight];
    const scale = Math.min(wide / video.videoWidth, tall / video.videoHeight);
    const [width, height] = [video.videoWidth * scale, video.videoHeight * scale];
    const share = Math.min(1, (SHAPE * height) / width);
    const wanted = [Math.max(500 * share, Math.min(1000 - 500 * share, middle)), wide, tall, video.videoWidth, this.places.length > 0];
    if (this.shown?.every((one, n) => one === wanted[n])) return;
    this.shown = wanted;
    Object.assign(this, { width, share });
    Object.assign(this.overlay.style, { left: `${(wide - width) / 2}px`, top: `${(tall - height) / 2}px`, width: `${width}px`, height: `${height}px` });
    Object.assign(this.frame.style, { width: `${100 * share}%`, left: `${wanted[0] / 10 - 50 * share}%` });
    this.overlay.toggleAttribute("data-by-hand", wanted[4]);
    const percent = Math.round(wanted[0] / 10);
    this.frame.setAttribute("aria-valuenow", percent);
    this.frame.setAttribute("aria-valuetext", `${percent} %`);
  }

  #grab(event) {
    if (event.button > 0) return;
    event.preventDefault();
    this.frame.focus({ preventScroll: true });
    const held = { x: event.clientX, from: this.shown[0], hasMoved: false };
    const listeners = new AbortController();
    const { signal } = listeners;
    this.overlay.setPointerCapture(event.pointerId);
    this.overlay.addEventListener("pointermove", ({ clientX }) => {
      if (Math.abs(clientX - held.x) >= MOVED_PX && !held.hasMoved) {
        held.hasMoved = true;
        this.held = held;
        this.#begin();
      }
      if (held.hasMoved) this.#put(held.from + (1000 * (clientX - held.x)) / this.width);
    }, { signal });
    const letGo = (ended) => {
      listeners.abort();
      if (held.hasMoved) this.#keep();
      else if (ended.type === "pointerup") this.player.act("play");
    };
    this.overlay.addEventListener("pointerup", letGo, { signal });
    this.overlay.addEventListener("pointercancel", letGo, { signal });
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return void (this.#toggle(), this.part?.querySelector("[data-crop-toggle]").focus());
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    event.stopPropagation();
    this.#begin();
    this.#put(this.shown[0] + STEPS[event.key]);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#keep(), SETTLED_MS);
  }

  #begin() {
    this.player.pause();
    this.of = this.box.dataset.of;
  }

  /** The frame stays where it is, at the time that is on screen. */
  #keep() {
    clearTimeout(this.timer);
    const ms = placeMs(this.page, this.player);
    const [middle] = this.shown;
    Object.assign(this, { timer: 0, held: null });
    if (ms === null || !this.part || this.of !== this.box.dataset.of) return;
    const atMs = Math.max(0, Math.min(Number(this.part.dataset.lengthMs), ms));
    const values = { at_ms: atMs, middle: Math.round(middle) };
    // Until the server answers it stays where it was put.
    this.part.dataset.cropPlaces = JSON.stringify([...this.places.filter(([other]) => Math.abs(other - atMs) >= 100), [atMs, values.middle]].sort((a, b) => a[0] - b[0]));
    this.save(this.part.dataset.cropUrl, values);
  }
}
