// Plays the kept part of a card's preview in a loop, and knows which frame of the original is on screen.
// A preview's time t shows the original at previewStartMs + 1000 t / slowDown; a frame is named by that, rounded up to
// the millisecond. Speeds are those of the original: film of 240 frames per second comes slowed down, with all of them.

import { Loop, Transport } from "../previews/transport.js";

const FASTEST = 16; // that browsers play
const INSIDE_S = 0.0004; // so that rounding does not fall into the frame before
const SOUND_KEY = "sort-sound";
const waitingAtS = new WeakMap(); // video → the time of the frame that it shows before it is played

/** The video of a card that is on screen, which may be that of another angle. */
const videoOn = (card) => card?.querySelector("[data-preview-video]:not([data-angle-off] *)") ?? null;

/** How much later the same instant is in another angle's video than in the card's own. */
const shiftMs = (video) => Number(video.closest("[data-shift-ms]")?.dataset.shiftMs ?? 0);

/** The time in a preview at which the frame is on screen that the original has at ``ms``. */
function placeS(video, ms) {
  const { dataset, duration } = video;
  const atS = (Number(dataset.slowDown) * (ms + shiftMs(video) - Number(dataset.previewStartMs))) / 1000 + INSIDE_S;
  return Math.min(Math.max(0, atS), duration || Infinity);
}

function goTo(video, atS) {
  if (Math.abs(video.currentTime - atS) > INSIDE_S / 4) video.currentTime = atS;
}

/** Let a card's video wait at the frame that it begins with: to play on is quicker than to seek. */
export function cue(card, ms) {
  const video = videoOn(card);
  if (!video?.hasAttribute("src")) return;
  video.requestVideoFrameCallback((_now, { mediaTime }) => waitingAtS.set(video, mediaTime));
  goTo(video, placeS(video, ms));
}

export class Player {
  /** @param {(frameMs: number) => void} onFrame told with each frame that is shown */
  constructor(onFrame) {
    this.onFrame = onFrame;
    this.card = null;
    this.video = null;
    this.chosenSpeed = null; // until somebody chooses, each plays as its preview does
    this.steppingToS = null; // the time of the frame that a step goes to, until it is shown
    this.isWanted = true; // whether it shall play, also while the next video still loads
    this.mediaS = 0;
    this.loop = new Loop("sort", true);
    this.transport = new Transport(this);
  }

  get previewStartMs() {
    return Number(this.video.dataset.previewStartMs) - shiftMs(this.video);
  }

  /** How many seconds of the preview are one of the original. */
  get slowDown() {
    return Number(this.video?.dataset.slowDown ?? 1);
  }

  /** Of the original: 1 is real time. */
  get speed() {
    return this.chosenSpeed ?? 1 / this.slowDown;
  }

  get playbackRate() {
    return Math.min(FASTEST, this.speed * this.slowDown);
  }

  /** That of a step under way; else the one on screen. */
  get frameMs() {
    return this.#msAt(this.steppingToS ?? this.mediaS);
  }

  get goalMs() {
    return this.#msAt(this.steppingToS ?? (this.video.seeking ? this.video.currentTime : this.mediaS));
  }

  #msAt(atS) {
    return Math.ceil(this.previewStartMs + (atS * 1000) / this.slowDown - 0.01);
  }

  /** How long one frame lasts in the original, as the camera says it. */
  get originalFrameS() {
    const rate = this.video?.closest("[data-angle-rate]")?.dataset.angleRate ?? this.card.dataset.rate;
    const [frames, seconds] = rate.split("/").map(Number);
    return seconds / frames;
  }

  /** How long one frame lasts in the preview. */
  get frameS() {
    return this.originalFrameS * this.slowDown;
  }

  /** The name of the frame ``frames`` after (or before) the one on screen at a millisecond of the original. */
  besideMs(ms, frames) {
    const frameMs = 1000 * this.originalFrameS;
    const number = Math.floor((ms - this.anchorMs) / frameMs + 0.001);
    return Math.ceil(this.anchorMs + (number + frames) * frameMs - 0.01);
  }

  /** When some frame begins that is known: the preview's first. */
  get anchorMs() {
    return this.video ? this.previewStartMs : 0;
  }

  /** Play a card from its beginning, or on from a millisecond of its video; null stops. */
  attach(card, span, atMs = span?.startMs) {
    this.#detach();
    this.card = card;
    this.span = span;
    this.video = videoOn(card);
    if (!this.video) return this.#showState();
    const { video } = this;
    video.loop = false;
    this.applySound();
    video.playbackRate = this.playbackRate;
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    video.addEventListener("play", () => this.#showState(), { signal });
    video.addEventListener("pause", () => this.#showState(), { signal });
    video.addEventListener("ended", () => this.isWanted && this.#again(), { signal });
    // Who passes over many cards is shown their pictures; the video comes when one stays.
    if (!video.hasAttribute("src")) video.addEventListener("loadedmetadata", () => this.#begin(atMs), { signal });
    video.addEventListener("error", () => card.toggleAttribute("data-broken", true), { signal });
    this.#begin(atMs);
    this.mediaS = waitingAtS.get(video) ?? Math.max(0, video.currentTime - INSIDE_S); // until the next frame comes
    waitingAtS.delete(video);
    this.#watchFrames(video, signal);
  }

  /** Continue with another span of the same card, without jumping when what is on screen lies inside. */
  setSpan(span) {
    this.span = span;
  }

  replay() {
    if (this.video) this.#begin(this.span.startMs);
  }

  #begin(atMs) {
    this.seek(atMs);
    this.mediaS = Math.max(0, this.video.currentTime - INSIDE_S);
    if (this.isWanted) this.play();
  }

  play() {
    this.isWanted = true;
    this.steppingToS = null;
    if (!this.video?.hasAttribute("src")) return;
    if (this.frameMs >= this.span.endMs && !this.loop.isOn) this.seek(this.span.startMs); // it rests at its end
    this.video.play().catch((error) => {
      if (error.name !== "NotAllowedError") return; // AbortError: the card changed while it was starting
      this.video.muted = true;
      this.video.play().catch(() => undefined);
    });
  }

  pause() {
    this.isWanted = false;
    this.video?.pause();
    this.#showState();
  }

  toggle() {
    if (this.video && !this.video.paused) this.pause();
    else this.play();
  }

  /** Show the frame that is on screen at a millisecond of the original. */
  seek(ms) {
    if (!this.video) return;
    this.steppingToS = null;
    goTo(this.video, placeS(this.video, ms));
  }

  /** Show the frame ``count`` frames later (or earlier), and stay on it. */
  step(count) {
    if (!this.video?.duration) return; // nobody knows yet where a frame is
    this.pause();
    // Quick presses count from where the last one goes to, not from what is still on screen.
    const lastS = Math.max(0, (this.video.duration || 0) - this.frameS);
    this.steppingToS = Math.min(lastS, Math.max(0, (this.steppingToS ?? this.mediaS) + count * this.frameS));
    this.video.currentTime = this.steppingToS + this.frameS / 2;
  }

  skipSeconds(seconds) {
    if (!this.video) return;
    this.steppingToS = null;
    this.video.currentTime = Math.max(0, this.video.currentTime + seconds * this.slowDown);
  }

  /** Say how fast the shuttle goes; 0 is not at all. */
  note(level) {
    if (!this.card) return;
    this.card.querySelector("[data-shuttle-text]").textContent = level ? `${level < 0 ? "◀" : "▶"} ${Math.abs(level)}×` : "";
    this.#showState();
  }

  /** From slow motion to real time, and back to all frames that there are. */
  toggleRealTime() {
    this.setSpeed(this.speed === 1 ? null : 1);
  }

  /** Null is as the preview plays by itself. */
  setSpeed(speed) {
    this.chosenSpeed = speed;
    if (this.video) this.video.playbackRate = this.playbackRate;
    this.#showState();
  }

  toggleSound() {
    localStorage.setItem(SOUND_KEY, localStorage.getItem(SOUND_KEY) === "on" ? "off" : "on");
    this.applySound();
  }

  applySound() {
    const on = localStorage.getItem(SOUND_KEY) === "on";
    if (this.video) this.video.muted = !on;
    this.card?.querySelector("[data-do=sound]").setAttribute("aria-pressed", String(on));
  }

  #watchFrames(video, signal) {
    const shown = (_now, { mediaTime }) => {
      if (signal.aborted) return;
      this.mediaS = mediaTime;
      if (Math.abs(mediaTime - this.steppingToS) < this.frameS / 2) this.steppingToS = null;
      this.onFrame(this.frameMs);
      if (!video.paused && this.frameMs >= this.span.endMs) this.#again();
      video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
  }

  /** At the end of the span: from its start, or no further. */
  #again() {
    if (this.loop.isOn) {
      this.seek(this.span.startMs);
      if (this.video.paused) this.play();
    } else this.pause();
  }

  applyLoop() {
    this.#showState();
  }

  #showState() {
    if (!this.card) return;
    this.card.toggleAttribute("data-playing", this.video !== null && !this.video.paused);
    this.transport.show(this.card);
    this.card.querySelector("[data-real-time]")?.setAttribute("aria-pressed", String(this.speed === 1));
    for (const button of this.card.querySelectorAll(".player-buttons button")) button.disabled = this.video === null;
  }

  #detach() {
    this.listeners?.abort();
    this.video?.pause();
  }
}
