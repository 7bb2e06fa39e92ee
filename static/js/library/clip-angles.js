// Other cameras' clips of the same trick on a clip's page: each in the clip's place, or all side by side. The clip itself
// keeps the time and the sound; the others follow it.

import { shownAt } from "../previews/frames.js";

const FAR_S = 0.25; // further apart than this a video seeks; nearer it runs a little faster or slower for a while
const NEAR_S = 0.003; // browsers tell times to about a millisecond
const CATCHES_UP_IN_S = 0.5;
const MOST = 0.15;
const OWN = "angle-0";
const ALL = "angle-all";

export class ClipAngles {
  /**
   * @param {HTMLElement} root with the player, whose videos may be swapped for others
   * @param player the clip's: video, frameS, playbackRate
   */
  constructor(root, player) {
    Object.assign(this, { root, player, view: OWN });
  }

  get others() {
    return [...this.root.querySelectorAll("[data-angle]")];
  }

  get buttons() {
    return [...this.root.querySelectorAll("[data-angle-views] button")];
  }

  /** Do what a key or button of that name means; false when it means nothing here. */
  act(name) {
    if (!this.player.video || !this.buttons.length) return false;
    const views = this.buttons.map((button) => button.dataset.do);
    if (name !== "angle" && !views.includes(name)) return false;
    this.view = name === "angle" ? views[(views.indexOf(this.view) + 1) % views.length] : name;
    this.#show();
    return true;
  }

  /** Take up the videos, which may be other ones now; the view stays. */
  takeUp() {
    const { video } = this.player;
    if (!video || !this.others.length) return;
    if (!video.hasAttribute("data-leads")) this.#lead(video);
    for (const other of this.others) if (!other.hasAttribute("data-follows")) this.#follow(other);
    this.#show();
  }

  #lead(video) {
    video.setAttribute("data-leads", "");
    const followAll = () => this.others.forEach((other) => this.#keepUp(other));
    const shown = () => {
      if (video.paused) followAll(); // which frame it stands on is told last
      video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback?.(shown);
    for (const name of ["play", "playing", "pause", "seeking", "seeked", "ratechange"]) video.addEventListener(name, followAll);
  }

  #follow(other) {
    other.setAttribute("data-follows", "");
    other.addEventListener("loadedmetadata", () => this.#keepUp(other));
    other.addEventListener("click", () => this.player.toggle()); // it has no buttons of its own
    const shown = (_now, { mediaTime, expectedDisplayTime }) => {
      this.#keepUp(other, { mediaTime, expectedDisplayTime });
      other.requestVideoFrameCallback(shown);
    };
    other.requestVideoFrameCallback?.(shown);
  }

  /** Where the other video is at an instant of the clip's. */
  #placeS(other, atS) {
    const { video, slowDown } = this.player;
    const ms = Number(video.dataset.offsetMs) + (1000 * atS) / slowDown + Number(other.dataset.shiftMs);
    const placeS = ((ms - Number(other.dataset.offsetMs)) / 1000) * Number(other.dataset.slowDown);
    return Math.max(0, Math.min(other.duration || Infinity, placeS));
  }

  /** Let a video do what the clip does, at the same instant; told of a frame of it, catch up with what it is late. */
  #keepUp(other, frame = null) {
    const { video } = this.player;
    if (other.hidden || !video || !other.duration) return void other.pause();
    if (video.paused || video.seeking) {
      other.pause();
      if (video.paused) this.#stand(other);
      return;
    }
    const rate = video.playbackRate * (Number(other.dataset.slowDown) / this.player.slowDown);
    const lateS = frame ? this.#lateS(other, frame) : this.#placeS(other, video.currentTime) - other.currentTime;
    if (Math.abs(lateS) > FAR_S) {
      if (!other.seeking) other.currentTime = this.#placeS(other, video.currentTime);
    } else {
      const change = Math.abs(lateS) < NEAR_S ? 0 : lateS / CATCHES_UP_IN_S / rate;
      const wanted = rate * (1 + Math.max(-MOST, Math.min(MOST, change)));
      if (Math.abs(other.playbackRate - wanted) > 0.001) other.playbackRate = wanted;
    }
    if (other.paused && !other.ended) other.play().catch(() => undefined);
  }

  /** Show the frame of the instant in the middle of the clip's frame: at another rate it is the one that is on then. */
  #stand(other) {
    const { video, frameS } = this.player;
    const shownS = shownAt(video)?.mediaTime;
    const isTold = shownS !== undefined && Math.abs(video.currentTime - shownS) < 2 * frameS;
    const placeS = this.#placeS(other, isTold ? shownS + frameS / 2 : video.currentTime);
    if (Math.abs(other.currentTime - placeS) > 0.0005) other.currentTime = placeS;
  }

  /** How late a frame of the other video is on the screen, against the clip's frame nearest to it in time. */
  #lateS(other, { mediaTime, expectedDisplayTime }) {
    const { video } = this.player;
    const own = shownAt(video);
    if (!own) return 0;
    const sinceS = ((expectedDisplayTime - own.expectedDisplayTime) / 1000) * video.playbackRate;
    return Math.abs(sinceS) > 1 ? 0 : this.#placeS(other, own.mediaTime + sinceS) - mediaTime;
  }

  #show() {
    const { view } = this;
    const { video } = this.player;
    video.controls = view === OWN || view === ALL; // or they would lie under another video
    video.parentElement.toggleAttribute("data-side-by-side", view === ALL);
    for (const other of this.others) {
      other.hidden = view !== ALL && view !== `angle-${other.dataset.angle}`;
      if (!other.hidden) other.preload = "auto";
      this.#keepUp(other);
    }
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.do === view));
  }
}
