// Plays a clip on its own page by the names that the sort page's keys have, so that J K L mean the same everywhere.

import { Shuttle } from "../sorting/shuttle.js";

const SPEEDS = [0.1, 0.25, 0.5, 1, 1.5, 2];
const FASTEST = 16; // that browsers play

export class ClipPlayer {
  /** @param {HTMLElement} root with the video, which may be swapped for another one, and the length of a frame */
  constructor(root) {
    Object.assign(this, { root, speed: 1 });
    this.shuttle = new Shuttle(this);
  }

  get video() {
    return this.root.querySelector("[data-player]");
  }

  /** How many seconds of the video are one of the original. */
  get slowDown() {
    return Number(this.video?.dataset.slowDown ?? 1);
  }

  get playbackRate() {
    return Math.min(FASTEST, this.speed * this.slowDown);
  }

  get frameS() {
    return (Number(this.root.dataset.frameUs) / 1e6) * this.slowDown;
  }

  /** Where the clip begins in its video: a preview shows more than the clip. */
  get startS() {
    return Number(this.video.dataset.startS ?? 0);
  }

  play() {
    this.video.play().catch(() => undefined);
  }

  pause() {
    this.video.dataset.rests = "";
    this.video.pause();
  }

  /** The shuttle tells how fast it goes; the video's own buttons show enough. */
  note() {}

  /** Do what a key of that name does on the sort page; what makes no sense for a clip is left out. */
  act(name) {
    const { video, shuttle } = this;
    if (!video) return;
    if (shuttle.level && !name.startsWith("shuttle")) shuttle.stop();
    const acts = {
      play: () => (video.paused ? this.play() : this.pause()),
      replay: () => { video.currentTime = this.startS; this.play(); },
      "shuttle-back": () => shuttle.backward(), "shuttle-on": () => shuttle.forward(),
      "shuttle-stop": () => { shuttle.stop(); this.pause(); },
      back: () => this.#step(-1), forward: () => this.#step(1),
      "second-back": () => this.#skip(-1), "second-on": () => this.#skip(1),
      slower: () => this.#changeSpeed(SPEEDS.findLast((speed) => speed < this.speed)),
      faster: () => this.#changeSpeed(SPEEDS.find((speed) => speed > this.speed)),
      sound: () => { video.muted = !video.muted; },
    };
    acts[name]?.();
  }

  /** Into the middle of the frame, where no rounding leads to the one before. */
  #step(frames) {
    this.pause();
    const number = Math.floor(this.video.currentTime / this.frameS + 0.01);
    this.video.currentTime = Math.max(0, (number + frames + 0.5) * this.frameS);
  }

  #skip(seconds) {
    this.video.currentTime = Math.max(this.startS, this.video.currentTime + seconds * this.slowDown);
  }

  #changeSpeed(speed) {
    if (speed === undefined) return;
    this.speed = speed;
    this.video.playbackRate = this.playbackRate;
  }
}
