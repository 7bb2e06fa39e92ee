// Plays a clip on its own page; what its keys and buttons mean, all players have in common.

import { stepFrames, watchFrames } from "../previews/frames.js";
import { loadAgain } from "../previews/load-again.js";
import { Loop, Transport } from "../previews/transport.js";

const FASTEST = 16; // that browsers play

export class ClipPlayer {
  /**
   * @param {HTMLElement} root with the video, which may be swapped for another one, and the length of a frame
   * @param {{kind?: string, loops?: boolean}} how it is called where this device remembers its loop, and whether it loops
   *   until somebody chooses
   */
  constructor(root, { kind = "clip", loops = true } = {}) {
    Object.assign(this, { root, speed: 1, loop: new Loop(kind, loops) });
    this.transport = new Transport(this);
    loadAgain(root);
  }

  get shuttle() {
    return this.transport.shuttle;
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

  toggle() {
    if (this.video.paused) this.play();
    else this.pause();
  }

  replay() {
    this.video.currentTime = this.startS;
    this.play();
  }

  /** The shuttle tells how fast it goes; the video's own buttons show enough. */
  note() {}

  /** Do what a key or button of that name means, if anything. */
  act(name) {
    if (this.video && this.transport.act(name)) this.showState();
  }

  step(frames) {
    this.pause();
    stepFrames(this.video, frames, this.frameS);
  }

  skipSeconds(seconds) {
    this.video.currentTime = Math.max(this.startS, this.video.currentTime + seconds * this.slowDown);
  }

  setSpeed(speed) {
    this.speed = speed;
    this.video.playbackRate = this.playbackRate;
  }

  toggleSound() {
    this.video.muted = !this.video.muted;
  }

  /** A preview shows more than the clip: it is led round by the page. */
  applyLoop() {
    this.video.loop = this.loop.isOn && this.video.dataset.endS === undefined;
  }

  showState() {
    this.transport.show(this.root);
  }

  /** Take up the video, which may be another one now: speed and loop stay. */
  takeUp() {
    const { video } = this;
    for (const button of this.root.querySelectorAll("[data-deck] button")) button.disabled = !video;
    if (!video) return;
    watchFrames(video);
    if (!video.hasAttribute("data-kept")) this.#keep(video);
    this.showState();
  }

  #keep(video) {
    video.setAttribute("data-kept", "");
    video.defaultPlaybackRate = video.playbackRate = this.playbackRate; // one in slow motion runs as fast as it was
    this.applyLoop();
    const { endS } = video.dataset;
    if (endS === undefined) return;
    // The address fragment begins and ends it once; this makes it go round.
    video.addEventListener("play", () => delete video.dataset.rests);
    video.addEventListener("timeupdate", () => {
      if (video.currentTime < Number(endS) - 0.02) return;
      // At its end the address fragment pauses it too; who pressed a key for that means it.
      const wasPlaying = !("rests" in video.dataset) && (!video.paused || video.currentTime >= Number(endS));
      if (!this.loop.isOn) return wasPlaying && this.pause();
      video.currentTime = this.startS;
      if (wasPlaying) this.play();
    });
  }
}
