// Edits a clip where its player was: the time-line, the player and the keys of a sort card, over the clip's own form.

import { drawFilm } from "../sorting/film.js";
import { Wider } from "../sorting/longer-preview.js";
import { Player } from "../sorting/player.js";
import { factsOf } from "../sorting/timeline-data.js";
import { clock, Trim } from "../sorting/trim.js";
import { exactClock } from "../previews/clock.js";
import { writeLegend } from "../previews/reasons.js";

const FEW = 2; // times that the legend names one by one

export class ClipEditor {
  /** @param {HTMLElement} root in which the form is, or may come */
  constructor(root) {
    Object.assign(this, { root, facts: null, video: null });
    this.player = new Player((ms) => this.#showPlace(ms));
    this.trim = new Trim({
      words: root.dataset,
      frameMs: () => 1000 * this.player.originalFrameS,
      onChange: (span) => this.player.setSpan(span),
      onScrub: (ms) => { this.player.video?.pause(); this.player.seek(ms); },
      onScrubEnd: (wasHandle) => wasHandle && this.player.isWanted && this.player.replay(),
      onSettled: (span) => { this.#draw(); this.wider.want(this.form, span); },
      onWheel: (frames) => this.player.step(frames),
    });
    const { "X-CSRFToken": csrf } = JSON.parse(document.body.getAttribute("hx-headers"));
    this.wider = new Wider(csrf, () => this.#attach());
    this.resized = new ResizeObserver(() => this.#draw());
    root.addEventListener("change", (event) => this.#typed(event.target));
  }

  get form() {
    return this.root.querySelector("[data-clip-form]");
  }

  /** Take up the form and its video: both may be new, by a refused save or by a preview that is ready now. */
  takeUp() {
    const { form } = this;
    if (!form) {
      if (this.player.card) this.#leave();
      return;
    }
    const video = form.querySelector("[data-preview-video]");
    if (this.player.card === form && this.video === video) return;
    this.video = video;
    this.player.isWanted = false; // who edits begins at a picture that stands
    this.#attach();
    this.resized.disconnect();
    this.resized.observe(form.querySelector("[data-track]"));
    factsOf(form).then((facts) => { this.facts = facts; this.#draw(); }, () => {});
  }

  /** Do what a key or button of that name means in Sort. */
  act(name) {
    const { player, trim } = this;
    const { shuttle } = player.transport;
    if (player.transport.act(name)) return;
    if (shuttle.level) shuttle.stop();
    const acts = {
      in: () => player.video && this.#setEnd("start"), out: () => player.video && this.#setEnd("end"),
      "in-back": () => this.#nudge("start", -1), "in-on": () => this.#nudge("start", 1),
      "out-back": () => this.#nudge("end", -1), "out-on": () => this.#nudge("end", 1),
      "real-time": () => player.toggleRealTime(),
    };
    if (trim.card) acts[name]?.();
  }

  /** Write in one of the boxes for names. */
  write(box) {
    const field = this.form.elements[box];
    field.focus();
    field.select();
  }

  #attach() {
    const { form, trim, player } = this;
    trim.attach(form);
    player.attach(form, trim.span);
    this.#showPlace(trim.startMs);
    this.#draw();
  }

  #leave() {
    this.resized.disconnect();
    this.trim.attach(null);
    this.player.attach(null);
    this.video = this.facts = null;
  }

  #setEnd(end) {
    this.trim.set(end, this.player.frameMs);
    this.trim.settle();
  }

  /** Move one end by a frame, and show the frame that it is at now. */
  #nudge(end, frames) {
    const { player, trim } = this;
    trim.set(end, player.besideMs(trim.span[`${end}Ms`], frames));
    trim.settle();
    if (!player.video) return;
    player.pause();
    player.seek(trim.span[`${end}Ms`]);
  }

  /** A time was typed: it may lie where the time-line does not reach yet. */
  #typed(field) {
    const end = { start_ms: "start", end_ms: "end" }[field.name];
    const { trim, player } = this;
    if (!end || trim.card !== this.form) return;
    trim.attach(this.form);
    player.setSpan(trim.span);
    player.pause();
    player.seek(trim.span[`${end}Ms`]);
    this.#draw();
    this.wider.want(this.form, trim.span);
  }

  #showPlace(ms) {
    this.trim.showPlayhead(ms);
    const place = this.form?.querySelector("[data-clock]");
    if (place) place.value = exactClock(ms);
  }

  #draw() {
    const { form, facts, trim } = this;
    if (!form || !facts || trim.card !== form) return;
    drawFilm(form.querySelector("[data-film-zoom]"), facts, trim.fromMs, trim.toMs);
    const sayWhen = (times) => (times.length > FEW ? `× ${times.length}` : times.map(clock).join(", "));
    writeLegend(form.querySelector("[data-reasons]"), facts, trim.fromMs, trim.toMs, sayWhen);
  }
}
