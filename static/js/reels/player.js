// Plays the clips of an edit one after the other. Two videos take turns: while one plays, the other one has loaded what
// comes next and stands on its first frame. What is played, and in which order, the cards on the page say.

import { ClipPlayer } from "../library/clip-player.js";
import { eachTick } from "./ticks.js";

const FASTEST = 16; // that browsers play
const AT_END_S = 0.004; // clocks of browsers are that coarse
// A video moves some time after it was told to. So the next one is started that long before it is shown: as long as the
// ones before it took on this device.
const FIRST_LEAD_S = 0.05;
const LONGEST_LEAD_S = 0.25;

const clock = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

const STANDS = ["loadeddata", "canplay", "seeked", "lost"];

/** Resolves when the video shows the picture that it was sent to, or is given up. */
function ready(video) {
  const isThere = () => video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !video.seeking;
  if (isThere()) return Promise.resolve();
  return new Promise((resolve) => {
    const look = ({ type }) => {
      if (type !== "lost" && !isThere()) return;
      for (const name of STANDS) video.removeEventListener(name, look);
      resolve();
    };
    for (const name of STANDS) video.addEventListener(name, look);
  });
}

export class ReelPlayer extends ClipPlayer {
  /** @param {HTMLElement} page around the player and the cards */
  constructor(page) {
    super(page.querySelector("[data-reel-player]"), { kind: "edit", loops: false });
    this.page = page;
    this.screens = [...this.root.querySelectorAll("[data-screen]")];
    Object.assign(this, { front: 0, playing: false, muted: false, tickS: 0 });
    this.leadsS = [FIRST_LEAD_S, FIRST_LEAD_S]; // of each video
    this.turn = 0; // of whoever waits for a video: only the last one counts
    this.scrub = this.root.querySelector("[data-scrub]");
    this.scrub.addEventListener("input", () => this.#goToMs(Number(this.scrub.value)));
    for (const video of this.screens) {
      video.addEventListener("ended", () => video === this.video && this.playing && this.#next());
      video.addEventListener("click", () => this.act("play"));
      video.addEventListener("seeked", () => this.#say());
      video.addEventListener("lost", () => video === this.video && this.playing && this.#next());
    }
    this.refresh();
    this.showState();
    eachTick((tickS) => this.#follow(tickS));
  }

  get video() { return this.screens[this.front]; }
  get other() { return this.screens[1 - this.front]; }
  /** The cards that can be played, in order. */
  get cards() { return [...this.page.querySelectorAll("[data-reel-clip][data-src]")]; }
  get index() { return this.cards.findIndex((card) => card.dataset.reelClip === this.current); }
  get card() { return this.cards[this.index]; }

  get playbackRate() { return Math.min(FASTEST, this.speed * Number(this.card?.dataset.rate ?? 1)); }
  get slowDown() { return Number(this.card?.dataset.slowDown ?? 1); }
  get frameS() { return (Number(this.card?.dataset.frameUs ?? 33333) / 1e6) * this.slowDown; }
  get startS() { return Number(this.card?.dataset.startS ?? 0); }

  /** The cards are others now, or in another order: stay with the clip that is shown. */
  refresh() {
    const { cards } = this;
    this.root.toggleAttribute("data-empty", cards.length === 0);
    if (!cards.length) {
      this.current = undefined;
      this.pause();
    } else if (this.index < 0) {
      this.show(cards[Math.min(this.lastIndex ?? 0, cards.length - 1)]);
    } else if (!this.isLeaving) { // or the video that is waited for would get another clip; who shows it looks again
      this.#load(this.video, this.card, { keep: true });
      this.#prepare();
    }
    this.#say();
  }

  /** Show a clip from its start, or from somewhere in it. */
  async show(card, { play = this.playing, atS = null } = {}) {
    if (!card) return;
    this.turn += 1;
    const { turn } = this;
    const wasPrepared = this.other.dataset.clip === card.dataset.reelClip && this.other.dataset.src === card.dataset.src;
    if (this.led !== card || atS !== null) this.#load(this.other, card, { atS }); // one that moves already keeps moving
    this.led = null;
    this.playing = play;
    this.isLeaving = true;
    await ready(this.other); // the picture before stays until the next one is there
    if (turn !== this.turn) return;
    this.isLeaving = false;
    this.video.pause();
    this.front = 1 - this.front;
    this.current = card.dataset.reelClip;
    this.lastIndex = Math.max(0, this.index);
    for (const screen of this.screens) screen.toggleAttribute("data-front", screen === this.video);
    this.#settle();
    if (play) await this.#start();
    document.dispatchEvent(new CustomEvent("clip-shown", { detail: { id: this.current, wasPrepared, isPlaying: play } }));
    this.refresh(); // cards may have changed meanwhile
  }

  play() {
    if (!this.card) return;
    if (this.index === this.cards.length - 1 && this.#isOver()) return void this.show(this.cards[0], { play: true });
    this.playing = true;
    this.#unlock();
    this.#settle();
    this.#start();
    this.#say();
  }

  /** Let the video in front play, or the next one if that is lost; where the browser wants a press first, it stands. */
  #start() {
    if ("lost" in this.video.dataset) return this.#next();
    return this.video.play().catch(({ name }) => { if (name === "NotAllowedError") this.pause(); });
  }

  pause() {
    this.playing = false;
    this.video.pause();
    this.#dropLead();
    this.#say();
  }

  act(name) {
    const { cards, index } = this;
    const acts = {
      "clip-back": () => this.show(cards[Math.max(0, index - 1)]),
      "clip-on": () => this.show(cards[Math.min(cards.length - 1, index + 1)]),
      "whole-screen": () => this.#wholeScreen(),
    };
    const does = { "second-back": "clip-back", "second-on": "clip-on" }[name] ?? name;
    if (acts[does]) {
      if (this.shuttle.level) this.shuttle.stop();
      acts[does]();
    } else super.act(does);
    this.#say();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  replay() {
    this.show(this.cards[0], { play: true });
  }

  toggleSound() {
    this.muted = !this.muted;
    this.#settle();
  }

  /** All of it begins again, not one clip. */
  applyLoop() {}

  /** Show a moment of the clip on screen, for whoever trims it. */
  peek(atS) {
    this.pause();
    this.video.currentTime = atS;
  }

  #load(video, card, { atS = null, keep = false } = {}) {
    const { src, startS, reelClip } = card.dataset;
    const isNew = video.dataset.src !== src || (!keep && "lost" in video.dataset);
    if (isNew) {
      delete video.dataset.lost;
      video.src = src;
    }
    Object.assign(video.dataset, { src, clip: reelClip });
    const wanted = atS ?? Number(startS);
    const isOutside = video.currentTime < Number(startS) - AT_END_S || video.currentTime > Number(card.dataset.endS);
    if (isNew || (keep ? isOutside && !this.playing : Math.abs(video.currentTime - wanted) > AT_END_S)) video.currentTime = wanted;
  }

  /** Let the video behind stand on the first frame of the clip that comes next. */
  #prepare() {
    const next = this.cards[this.index + 1];
    if (!next) return;
    this.other.pause();
    this.#load(this.other, next);
  }

  /** Speed, sound and title are the clip's own. */
  #settle() {
    const { card, video } = this;
    if (!card) return;
    video.playbackRate = this.playbackRate;
    video.muted = this.muted || "muted" in card.dataset;
    this.root.querySelector("[data-says-title]").textContent = card.dataset.title ?? "";
  }

  /** Phones play with sound only what a finger started; both videos are started by the first one. */
  #unlock() {
    if (this.unlocked || !this.other.src) return;
    this.unlocked = true;
    const { other } = this;
    other.muted = true;
    const atS = other.currentTime;
    other.play().then(() => { if (other !== this.video) { other.pause(); other.currentTime = atS; } }).catch(() => undefined);
  }

  #isOver() {
    const { card, video } = this;
    if (!card) return false;
    // It stops at the tick that is next to its end, which may be the one before.
    return video.ended || video.currentTime >= Number(card.dataset.endS) - AT_END_S || (!this.playing && this.#leftS(card) < this.tickS / 2);
  }

  /** How long the clip on screen still plays. */
  #leftS(card) {
    return (Number(card.dataset.endS) - this.video.currentTime) / this.video.playbackRate;
  }

  #follow(tickS) {
    const { card } = this;
    this.tickS = tickS;
    if (!card || this.video.dataset.clip !== this.current) return;
    if (this.playing && !this.video.paused && !this.video.seeking) {
      // At the tick that is next to its end, be it before or after: so a join is half a tick off at most.
      if (this.#isOver() || this.#leftS(card) < tickS / 2) this.#next();
      else this.#leadIn(card, tickS);
    }
    if (this.playing) this.#say();
  }

  /** Start the video behind so early that it moves when it comes to the front; it is not heard before. */
  #leadIn(card, tickS) {
    const next = this.cards[this.index + 1];
    const [other, screen] = [this.other, 1 - this.front];
    if (!next || this.led || this.#leftS(card) > this.leadsS[screen] + tickS / 2) return;
    if (other.dataset.clip !== next.dataset.reelClip || other.readyState < HTMLMediaElement.HAVE_FUTURE_DATA || other.seeking) return;
    this.led = next;
    const startS = other.currentTime;
    const rate = Math.min(FASTEST, this.speed * Number(next.dataset.rate));
    Object.assign(other, { muted: true, playbackRate: rate });
    const toldMs = performance.now();
    other.play().catch(() => { this.led = null; });
    const seen = (_now, { mediaTime, presentationTime }) => {
      if (mediaTime <= startS + AT_END_S) return void other.requestVideoFrameCallback(seen);
      const tookS = (presentationTime - toldMs) / 1000 - (mediaTime - startS) / rate;
      this.leadsS[screen] = Math.max(0, Math.min(LONGEST_LEAD_S, (this.leadsS[screen] + 2 * tookS) / 3));
    };
    other.requestVideoFrameCallback?.(seen);
  }

  /** What was started too early, because somebody stopped, stands on its first frame again. */
  #dropLead() {
    if (!this.led) return;
    this.led = null;
    this.#prepare();
  }

  #next() {
    const next = this.cards[this.index + 1];
    if (!next && this.loop.isOn && this.cards.length > 1) return void this.show(this.cards[0], { play: true });
    if (!next) return void this.pause();
    if (this.video.dataset.left === this.current) return; // it is on its way already
    this.video.dataset.left = this.current;
    this.video.pause();
    this.show(next, { play: true }).finally(() => { for (const screen of this.screens) delete screen.dataset.left; });
  }

  #beforeMs(index) {
    return this.cards.slice(0, Math.max(0, index)).reduce((sum, card) => sum + Number(card.dataset.lengthMs), 0);
  }

  #goToMs(ms) {
    let before = 0;
    for (const card of this.cards) {
      const lengthMs = Number(card.dataset.lengthMs);
      if (ms < before + lengthMs || card === this.cards.at(-1)) {
        const atS = Number(card.dataset.startS) + (Math.min(lengthMs, ms - before) / 1000) * Number(card.dataset.rate);
        if (card.dataset.reelClip === this.current) this.video.currentTime = atS;
        else this.show(card, { atS });
        return;
      }
      before += lengthMs;
    }
  }

  #say() {
    const { card, root } = this;
    const allMs = this.#beforeMs(this.cards.length);
    const playedMs = card ? Math.max(0, this.video.currentTime - this.startS) * 1000 / Number(card.dataset.rate) : 0;
    // A video ends up to a frame before its clip does.
    const insideMs = card && this.#isOver() ? Number(card.dataset.lengthMs) : playedMs;
    const nowMs = Math.min(allMs, this.#beforeMs(this.index) + insideMs);
    root.querySelector("[data-says-now]").textContent = clock(nowMs);
    root.querySelector("[data-says-all]").textContent = clock(allMs);
    root.querySelector("[data-says-number]").textContent = card ? `${this.index + 1} / ${this.cards.length}` : "";
    root.querySelector("[data-says-waits]").hidden = this.cards.length > 0 || !this.page.querySelector("[data-reel-clip]");
    const button = root.querySelector(".reel-play");
    button.textContent = this.playing ? button.dataset.pause : button.dataset.play;
    root.querySelector("[data-mutes]").setAttribute("aria-pressed", String(this.muted));
    this.scrub.max = Math.max(1, allMs);
    if (document.activeElement !== this.scrub || this.playing) this.scrub.value = nowMs;
    this.scrub.setAttribute("aria-valuetext", `${clock(nowMs)} / ${clock(allMs)}`);
    for (const other of this.page.querySelectorAll("[data-reel-clip]")) {
      other.toggleAttribute("data-here", other.dataset.reelClip === this.current);
    }
  }

  #wholeScreen() {
    if (document.fullscreenElement) return void document.exitFullscreen();
    const box = this.root;
    if (box.requestFullscreen) box.requestFullscreen().catch(() => undefined);
    else this.video.webkitEnterFullscreen?.(); // an iPhone gives the whole screen to a video only
  }
}
