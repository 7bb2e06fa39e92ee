// Trims a clip against its preview: in and out from the picture shown, by handles, by numbers, by the sort page's keys.

import { decimal } from "../numbers.js";
import { capOf, Keymap, keyOf } from "../sorting/keymap.js";
import { shortcutsAreOn } from "../sorting/keys.js";
import { Shuttle } from "../sorting/shuttle.js";

const INSIDE_S = 0.0004; // so that rounding does not fall into the frame before

const clock = (ms) => {
  const whole = Math.floor(ms / 1000);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const two = (number) => String(number).padStart(2, "0");
  const tail = `${two(whole % 60)}.${String(ms % 1000).padStart(3, "0")}`;
  return hours ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
};

/** Return milliseconds for what the server reads too: 1:02:03.5, 1:02.5, 62.5; NaN for anything else. */
const readClock = (text) => {
  const parts = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d+)?)$/.exec(text.trim());
  if (!parts) return NaN;
  return Math.round(((Number(parts[1] ?? 0) * 60 + Number(parts[2] ?? 0)) * 60 + Number(parts[3].replace(",", "."))) * 1000);
};

class Trimmer {
  constructor(form, video) {
    this.form = form;
    this.video = video;
    this.offsetMs = Number(video.dataset.previewStartMs);
    this.slowDown = Number(video.dataset.slowDown ?? 1); // so many of its seconds are one of the original
    this.mediaS = 0;
    this.steppingToS = null; // the time of the frame that a step goes to, until it is shown
    this.frameMs = Number(form.dataset.frameUs) / 1000; // of the original
    this.start = form.querySelector("[name=start_ms]");
    this.end = form.querySelector("[name=end_ms]");
    this.startRange = form.querySelector("[data-trim-start]");
    this.endRange = form.querySelector("[data-trim-end]");
    this.ready = false;
    this.shuttle = new Shuttle({
      video, playbackRate: 1, play: () => video.play().catch(() => undefined), pause: () => video.pause(),
      note: () => undefined, frameS: this.frameS,
    });
    this.listen();
    if (video.readyState >= 1) this.open();
    else video.addEventListener("loadedmetadata", () => this.open(), { once: true });
  }

  get startMs() { return readClock(this.start.value); }
  get endMs() { return readClock(this.end.value); }
  /** Names the frame on screen, by the time that it itself has: the player's clock may stand anywhere within it. */
  get nowMs() { return Math.ceil(this.offsetMs + (1000 * this.mediaS) / this.slowDown - 0.01); }

  open() {
    this.lastMs = Math.floor(this.offsetMs + (this.video.duration * 1000) / this.slowDown);
    for (const range of [this.startRange, this.endRange]) {
      range.min = this.offsetMs;
      range.max = this.lastMs;
    }
    this.ready = true;
    this.form.querySelector("[data-trim]").hidden = false;
    this.form.querySelector("[data-trim-buttons]").hidden = false;
    this.video.loop = true;
    this.goTo(this.startMs);
    this.show();
    this.follow();
  }

  listen() {
    const { form, start, end, startRange, endRange, video } = this;
    const onForm = (type, listener) => form.addEventListener(type, listener);
    onForm("input", ({ target }) => {
      if (target === startRange) this.setStart(Math.min(Number(startRange.value), this.endMs - 1));
      else if (target === endRange) this.setEnd(Math.max(Number(endRange.value), this.startMs + 1));
      else if (target === start && !Number.isNaN(this.startMs)) this.goTo(this.startMs);
      else if (target === end && !Number.isNaN(this.endMs)) this.goTo(this.endMs);
      this.show();
    });
    onForm("click", (event) => {
      const button = event.target.closest("[data-act]");
      if (button) this.act(button.dataset.act);
    });
    video.addEventListener("click", () => this.act("play"));
    const shown = (_now, { mediaTime }) => {
      this.mediaS = mediaTime;
      if (Math.abs(mediaTime - this.steppingToS) < this.frameS / 2) this.steppingToS = null;
      if (video.isConnected) video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
  }

  /** How long a frame lasts in the video. */
  get frameS() { return (this.frameMs * this.slowDown) / 1000; }

  act(name) {
    if (!this.ready) return;
    const { shuttle } = this;
    if (shuttle.level && !name.startsWith("shuttle")) shuttle.stop();
    const acts = {
      "shuttle-back": () => shuttle.backward(),
      "shuttle-on": () => shuttle.forward(),
      "shuttle-stop": () => { shuttle.stop(); this.video.pause(); },
      play: () => this.play(),
      back: () => this.step(-1),
      on: () => this.step(1),
      in: () => this.setStart(Math.min(this.nowMs, this.endMs - 1), { keepPlace: true }),
      out: () => this.setEnd(Math.max(this.nowMs, this.startMs + 1), { keepPlace: true }),
      "real-time": () => this.toggleRealTime(),
    };
    acts[name]();
    this.show();
  }

  play() {
    if (!this.video.paused) { this.video.pause(); return; }
    if (this.nowMs < this.startMs || this.nowMs >= this.endMs - this.frameMs) this.goTo(this.startMs);
    this.video.play().catch(() => undefined);
  }

  /** Into the middle of the frame asked for; quick presses count from where the last one goes to. */
  step(frames) {
    if (!this.video.duration) return;
    this.video.pause();
    const lastS = Math.max(0, this.video.duration - this.frameS);
    const toS = Math.min(lastS, Math.max(0, (this.steppingToS ?? this.mediaS) + frames * this.frameS));
    this.video.currentTime = toS + this.frameS / 2;
    this.steppingToS = toS;
  }

  toggleRealTime() {
    const isSlow = this.video.playbackRate === 1;
    this.video.playbackRate = isSlow ? this.slowDown : 1;
    this.form.querySelector("[data-real-time]").setAttribute("aria-pressed", String(isSlow));
  }

  setStart(ms, { keepPlace = false } = {}) {
    this.start.value = clock(ms);
    if (!keepPlace) { this.video.pause(); this.goTo(ms); }
  }

  setEnd(ms, { keepPlace = false } = {}) {
    this.end.value = clock(ms);
    if (!keepPlace) { this.video.pause(); this.goTo(ms); }
  }

  goTo(ms) {
    this.steppingToS = null;
    const place = (this.slowDown * (ms - this.offsetMs)) / 1000 + INSIDE_S;
    // Of a video that is not loaded yet nobody knows how long it is; it begins there then.
    if (Number.isFinite(place)) this.video.currentTime = Math.min(Math.max(0, place), this.video.duration || Infinity);
  }

  follow() {
    if (!this.video.isConnected) return;
    const { video } = this;
    if (!video.paused && this.endMs <= this.lastMs && this.nowMs >= this.endMs) this.goTo(this.startMs);
    const now = this.form.querySelector("[data-trim-now]");
    now.setAttribute("x", this.toTrack(this.nowMs) - 1.5);
    this.form.querySelector("[data-clock]").value = clock(this.nowMs);
    requestAnimationFrame(() => this.follow());
  }

  show() {
    if (!this.ready || Number.isNaN(this.startMs) || Number.isNaN(this.endMs)) return;
    this.startRange.value = this.startMs;
    this.endRange.value = this.endMs;
    const kept = this.form.querySelector("[data-trim-kept]");
    const [from, to] = [this.toTrack(this.startMs), this.toTrack(this.endMs)];
    kept.setAttribute("x", from);
    kept.setAttribute("width", Math.max(0, to - from));
    this.form.querySelector("[data-trim-length]").textContent = `${decimal((this.endMs - this.startMs) / 1000)} s`;
  }

  toTrack(ms) {
    return 1000 * Math.min(1, Math.max(0, (ms - this.offsetMs) / (this.lastMs - this.offsetMs)));
  }
}

/** What the sort page's keys do here, by their names there. */
const ACTS = {
  play: "play", back: "back", forward: "on", in: "in", out: "out",
  "shuttle-back": "shuttle-back", "shuttle-stop": "shuttle-stop", "shuttle-on": "shuttle-on",
};
let trimmer = null;

/** Take up the form and its video: both may be swapped, by a refused save or by a preview that is ready now. */
function takeUp() {
  const form = document.querySelector("[data-clip-form]");
  const video = form?.querySelector("[data-preview-video]");
  if (!video || trimmer?.video === video) return;
  trimmer = new Trimmer(form, video);
  const keymap = new Keymap(form.dataset.member);
  for (const [name, act] of Object.entries(ACTS)) {
    const cap = form.querySelector(`[data-act="${act}"] kbd`);
    const [key] = keymap.keysOf(name);
    if (cap) cap.textContent = key ? capOf(key) : "–";
  }
}

document.addEventListener("keydown", (event) => {
  if (!trimmer || event.ctrlKey || event.metaKey || event.altKey) return;
  const writes = event.target.closest("input:not([type=range], [type=radio], [type=checkbox]), select, textarea");
  const presses = event.key === " " && event.target.closest("button, a, input, summary");
  const isLetter = event.key.length === 1 && event.key !== " ";
  if (writes || presses || (isLetter && !shortcutsAreOn())) return;
  const act = ACTS[new Keymap(trimmer.form.dataset.member).nameOf(keyOf(event))];
  if (!act) return;
  event.preventDefault();
  trimmer.act(act);
});
document.body.addEventListener("htmx:load", takeUp);
takeUp();
