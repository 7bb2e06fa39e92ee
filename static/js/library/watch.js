// A session's player of raw videos: plays, seeks, plays one moment, and makes a moment of what is on screen.

import { ClipPlayer } from "./clip-player.js";
import { WatchLine } from "./watch-line.js";
import { WatchSource } from "./watch-source.js";
import { newId } from "../sorting/ids.js";
import { Keys } from "../sorting/keys.js";
import { clock } from "../sorting/trim.js";
import { ratesByKeys, showLiked } from "./watch-liked.js";

const INSIDE_S = 0.0004; // so that rounding does not fall into the frame before
const NAMED = { keep: "make", replay: "again" }; // the sort page's keys, for what they come nearest to here
const MEANS = /^(help|play|replay|keep|make|again|in|out|back|forward|second-(back|on)|shuttle-(back|on|stop)|slower|faster|slow|loop|sound)$/;

const section = document.querySelector(".watch-section");
let watch = null;

class Watch extends ClipPlayer {
  constructor(root, startS) {
    super(root, { kind: "watch", loops: false });
    this.leaves = new AbortController();
    const { signal } = this.leaves;
    Object.assign(this, { mediaS: startS, span: {}, played: null, isSeeking: false });
    this.line = new WatchLine(root, (ms) => { this.stopAt = null; this.seek(ms / 1000); }, signal);
    this.source = new WatchSource(root, this.video, (state, why) => this.say(state, why));
    const { video } = this;
    for (const name of ["play", "pause", "volumechange", "ratechange"]) video.addEventListener(name, () => this.showState(), { signal });
    video.addEventListener("timeupdate", () => this.#showTime(video.currentTime), { signal });
    video.addEventListener("click", () => this.act("play"), { signal });
    root.addEventListener("click", (event) => this.#clicked(event), { signal });
    this.#watchFrames(signal);
    this.source.attach(startS);
    if (startS) this.source.need(startS);
    this.#showTime(startS);
    this.applyLoop();
    this.showState();
  }

  leave() {
    this.shuttle.stop();
    this.leaves.abort();
    this.source.detach();
  }

  get canPlay() {
    return Boolean(this.root.dataset.src || this.root.dataset.pieces);
  }

  act(name) {
    if (!this.canPlay) return;
    const means = NAMED[name] ?? name;
    const own = {
      in: () => this.#setSpan({ inMs: this.frameMs, outMs: this.span.outMs > this.frameMs ? this.span.outMs : undefined }),
      out: () => this.#setSpan({ inMs: this.span.inMs < this.frameMs ? this.span.inMs : undefined, outMs: this.frameMs }),
      make: () => this.#make(),
      again: () => this.played && this.playMoment(this.played),
      retry: () => this.source.again(),
      fullscreen: () => this.#fullscreen(),
    };
    if (own[means]) return own[means]();
    if (!/^(sound|loop|slow|speed|faster|shuttle)/.test(means)) this.stopAt = null;
    super.act(means);
  }

  /** The name of the frame on screen: the first millisecond at which it is there. */
  get frameMs() {
    return Math.max(0, Math.ceil(this.mediaS * 1000 - 0.01));
  }

  seek(atS) {
    this.mediaS = atS; // until the frame is shown
    this.source.need(atS);
    this.video.currentTime = atS;
    this.#showTime(atS);
  }

  play() {
    this.source.need(this.mediaS);
    super.play();
  }

  /** Play from the first frame of a moment to its last, and stop there. */
  playMoment(mark) {
    const { startMs, endMs, state } = mark.dataset;
    this.played = mark;
    this.line.showPlayed(mark);
    this.#caption(mark.getAttribute("aria-label"), mark.href, state);
    showLiked(this.root, mark);
    this.shuttle.stop();
    this.seek(Number(startMs) / 1000 + INSIDE_S);
    this.stopAt = Number(endMs);
    this.play();
  }

  say(state, why = "") {
    const says = this.root.querySelector("[data-watch-says]");
    if (!says) return;
    says.hidden = !state;
    says.dataset.state = state;
    if (state) says.textContent = [says.dataset[state], why].filter(Boolean).join(" ");
    if (state !== "failed") return;
    const again = document.createElement("button");
    Object.assign(again, { type: "button", className: "quiet small", textContent: says.dataset.retry });
    again.dataset.do = "retry";
    says.append(" ", again);
  }

  #watchFrames(signal) {
    const { video } = this;
    const shown = (_now, { mediaTime }) => {
      if (signal.aborted) return;
      if (!video.seeking) { // else it is a frame of the place that is left, told late
        this.mediaS = mediaTime;
        this.#showTime(mediaTime);
      }
      if (this.stopAt !== null && this.stopAt !== undefined && !video.paused && this.frameMs >= this.stopAt) {
        if (this.loop.isOn) this.playMoment(this.played);
        else {
          this.stopAt = null;
          video.pause();
        }
      }
      video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback?.(shown);
  }

  #clicked(event) {
    const mark = event.target.closest(".watch-mark");
    if (mark && this.canPlay && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      this.playMoment(mark);
    }
  }

  #showTime(atS) {
    this.root.querySelector("[data-watch-time]").textContent = clock(atS * 1000);
    this.line.moveTo(atS * 1000);
    if (this.span.inMs !== undefined && this.span.outMs === undefined) {
      this.line.showSpan({ inMs: this.span.inMs, outMs: Math.max(this.span.inMs, atS * 1000) });
    }
  }

  showState() {
    const { video, root } = this;
    super.showState();
    const play = root.querySelector(".watch-play");
    play.setAttribute("aria-pressed", String(!video.paused));
    root.querySelector("[data-do=sound]").setAttribute("aria-pressed", String(!video.muted));
    root.querySelector(".watch-big").hidden = !video.paused || !this.canPlay;
    for (const button of root.querySelectorAll(".watch-bar [data-do]:not([data-do=make])")) button.disabled = !this.canPlay;
  }

  /** Without a moment that is played, the whole video begins again. */
  applyLoop() {
    this.video.loop = this.loop.isOn;
  }

  #fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.root.querySelector(".watch-box").requestFullscreen) this.root.querySelector(".watch-box").requestFullscreen();
    else this.video.webkitEnterFullscreen?.(); // an iPhone's
  }

  #setSpan(span) {
    if (!this.root.dataset.add) return;
    this.span = span;
    this.line.showSpan(span);
    const { inMs, outMs } = span;
    this.root.querySelector("[data-do=make]").disabled = inMs === undefined || outMs === undefined;
    const { dataset } = this.#captionPlace();
    const words = [inMs !== undefined && `${dataset.in} ${clock(inMs)}`, outMs !== undefined && `${dataset.out} ${clock(outMs)}`];
    this.#caption(words.filter(Boolean).join(" ") || dataset.hint);
  }

  async #make() {
    const { inMs, outMs } = this.span;
    if (!this.root.dataset.add || inMs === undefined || outMs === undefined || this.isMaking) return;
    this.isMaking = true;
    this.key ??= newId(); // the same until it is answered: asking again makes no second one
    const body = new URLSearchParams({ key: this.key, start_ms: inMs, end_ms: outMs });
    const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), Accept: "application/json" };
    try {
      const answer = await fetch(this.root.dataset.add, { method: "POST", body, headers });
      const said = await answer.json();
      this.key = null;
      if (!answer.ok) return this.#caption(said.error, "", "failed");
      this.#setSpan({});
      this.#caption(this.#captionPlace().dataset.made.replace("%(span)s", `${clock(said.start_ms)}–${clock(said.end_ms)}`));
      window.htmx.trigger(document.body, "moments-changed");
    } catch {
      this.#caption(this.#captionPlace().dataset.offline, "", "failed");
    } finally {
      this.isMaking = false;
    }
  }

  #captionPlace() {
    return this.root.querySelector("[data-watch-caption]");
  }

  #caption(text, href = "", state = "") {
    const place = this.#captionPlace();
    place.textContent = text;
    if (state) place.dataset.state = state;
    else delete place.dataset.state;
    if (!href) return;
    const link = document.createElement("a");
    Object.assign(link, { href, textContent: place.dataset.open });
    place.append(" ", link);
  }
}

function begin(root, startS = 0) {
  watch?.leave();
  watch = new Watch(root, startS);
}

/** Note in the address which video is shown, so that it can be passed on. */
function noteChosen(link) {
  for (const other of section.querySelectorAll("[data-watch-videos] a")) other.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  const address = new URL(window.location);
  address.searchParams.set("video", link.dataset.video);
  address.searchParams.delete("t");
  window.history.replaceState(window.history.state, "", address);
}

if (section) {
  begin(section.querySelector("[data-watch]"), Math.max(0, Number(new URLSearchParams(window.location.search).get("t")) || 0));
  const keys = new Keys(section, (name) => (name === "help" ? keys.showHelp() : watch.act(name)), (name) => MEANS.test(name));
  section.addEventListener("click", (event) => {
    const link = event.target.closest("[data-watch-videos] a");
    if (link) noteChosen(link);
  });
  ratesByKeys(section);
  document.addEventListener("clips-changed", () => showLiked(watch.root, watch.played, { again: true }));
  section.addEventListener("change", (event) => {
    if (event.target.closest("[data-watch-filter]")) section.dataset.shows = event.target.value;
  });
  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (elt.id === "watch" && elt !== watch.root) begin(elt), keys.mark(elt);
    else if (elt.id === "watch-line" && watch.root.contains(elt)) watch.line.attach();
  });
}
