// The sort page: deals the hand and does what keys and buttons say. What was decided swaps the card at once and goes to
// the queue.

import { Gestures } from "./gestures.js";
import { Hand } from "./hand.js";
import { newId } from "./ids.js";
import { Intent, tagsIn } from "./intent.js";
import { Keys } from "./keys.js";
import { afterPaint } from "./scheduling.js";
import { Lines } from "./card-timelines.js";
import { Past } from "./history.js";
import { cue, Player } from "./player.js";
import { DecisionQueue } from "./queue.js";
import { Status } from "./status.js";
import { hasNewNames, isResolving, keepFields, Tags, whenResolved } from "./tags.js";
import { Trim } from "./trim.js";
import { Truth } from "./server-sync.js";
import { learn } from "../picker.js";

const LEFT_KEY = "sort-left";
const making = () => import("./manual-segments.js").then(({ Making }) => Making);
const angles = () => import("./angles.js").then(({ Angles }) => Angles);
const hints = () => import("./hints.js").then(({ Hints }) => Hints);
const suggested = () => import("./suggestions.js").then(({ Suggestions }) => Suggestions);
const LATER = { // what few do
  split: making, make: making, angle: angles, "angle-only": angles, suggestion: suggested, "keep-suggested": suggested,
};
const DECISIONS = { keep: "kept", trash: "trashed", skip: "skipped", aside: "setAside" };

class SortPage {
  constructor(root) {
    this.root = root;
    const { member, csrf } = root.dataset;
    this.lease = newId();
    this.status = new Status(root);
    this.player = new Player((ms) => this.trim.showPlayhead(ms));
    this.shuttle = this.player.transport.shuttle;
    this.trim = new Trim({
      words: this.status.words,
      frameMs: () => 1000 * (this.player.card ? this.player.originalFrameS : 1 / 30),
      onChange: (span) => this.player.setSpan(span),
      onScrub: (ms) => {
        this.player.video?.pause();
        this.player.seek(ms);
      },
      onWheel: (frames) => this.player.step(frames),
      onScrubEnd: (wasHandle) => wasHandle && this.player.isWanted && this.player.replay(),
      onSettled: (span) => {
        this.lines.redraw();
        this.widen(this.hand.current, span);
      },
    });
    this.lines = new Lines(this.trim);
    this.intent = new Intent(root, this.status.words);
    this.hand = new Hand(root.querySelector("[data-hand]"), {
      onCurrent: (card, before) => this.showCard(card, before),
      onComing: (card) => this.prepareCard(card),
    });
    const past = root.querySelector("[data-first-past]").content.querySelector("[data-past]");
    this.past = new Past(this.hand, root.dataset.pastUrl, () => this.queue.waiting === 0, past);
    this.tags = new Tags(this.past, (card) => card === this.hand.current && this.showIntent(card));
    this.queue = new DecisionQueue({ lease: this.lease, member, csrf }, {
      onAnswer: (entry, status, html) => this.truth.take(entry, status, html),
      onState: (state, waiting) => this.status.connection(state, waiting),
      extraFields: () => this.truth.shownFields(),
    });
    this.truth = new Truth(this);
    this.loaded = new Map();
    this.gestures = new Gestures(root, {
      // What waits for an answer may bring another card.
      says: (name, card) => (this.held ? { text: this.status.words.wait, isSure: false } : this.intent.of(name, card)),
      act: (name) => this.act(name, true),
    });
    this.keys = new Keys(root, (name, byKey) => this.act(name, byKey));
    this.listen();
  }

  async start() {
    await this.queue.open();
    if (this.queue.lastKept) this.tags.hear(this.queue.lastKept);
    // Set by the page that was here before a reload: its hand is ours now, whatever comes first at the server.
    const left = sessionStorage.getItem(LEFT_KEY);
    sessionStorage.removeItem(LEFT_KEY);
    await this.truth.refresh(left ? [["left", left]] : []);
    this.queue.flush(); // not before the hand is ours: each answer makes us look again
  }

  listen() {
    document.addEventListener("picked", () => this.hand.current?.focus({ preventScroll: true }));
    document.addEventListener("htmx:load", ({ detail: { elt } }) => {
      if (elt.matches("[data-preview]:not([data-angle-off] *)") && this.hand.current?.contains(elt)) this.showCard(this.hand.current, null);
    });
    this.root.querySelector("[data-table]").addEventListener("change", ({ currentTarget }) => currentTarget.submit());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.truth.refresh());
    window.addEventListener("online", () => this.truth.refresh());
    window.addEventListener("pageshow", (event) => event.persisted && this.truth.refresh());
    window.addEventListener("pagehide", () => this.giveBack());
  }

  act(name, byKey) {
    const card = this.hand.current;
    if (this.held) this.held.push([name, byKey]);
    else if (card && name.startsWith("keep") && isResolving(card)) this.hold(whenResolved(card), name, byKey, card);
    else if (card && name in LATER && !this.loaded.has(LATER[name])) this.hold(this.load(LATER[name]), name, byKey, card);
    else if (name === "undo" && this.past.isBehind) this.hold(this.past.fill(), name, byKey);
    else this.perform(name, byKey);
  }

  /** ``atMs``: the frame on screen at the key, which may be before now. */
  perform(name, byKey, atMs = this.nowMs) {
    const card = this.hand.current;
    if (name === "help") this.keys.showHelp();
    else if (name === "undo") this.undo();
    else if (name === "tools") this.foldTools();
    else if (card && name.startsWith("keep-")) this.keepAs(name.slice("keep-".length), card);
    else if (card && name in DECISIONS) this.decide(name, card);
    else if (card) this.moveInCard(name, card, atMs);
    // After a click Enter shall keep the next card, not press the same button again.
    if (!byKey && (name in DECISIONS || name === "undo")) this.hand.current?.focus({ preventScroll: true });
  }

  get nowMs() {
    return this.player.video && this.player.frameMs;
  }

  /** Do something when ``ready`` resolves, unless to false or another card is on top by then; keys meanwhile come after. */
  async hold(ready, name, byKey, about = null) {
    const atMs = this.nowMs;
    this.held = [];
    this.gestures.redraw();
    const goesOn = await ready;
    const { held } = this;
    this.held = null;
    this.gestures.redraw();
    if (goesOn === false || (about && about !== this.hand.current)) return;
    this.perform(name, byKey, atMs);
    for (const one of held) this.act(...one);
  }

  moveInCard(name, card, atMs) {
    const { player, trim, shuttle, tags } = this;
    if (shuttle.level && !name.startsWith("shuttle")) shuttle.stop();
    const [, which, digit] = /^(person|trick)-([1-9])$/.exec(name) ?? [];
    if (which) return this.writeRecent(card, which === "person" ? "people" : "trick", Number(digit));
    if (player.transport.act(name)) return;
    const moves = {
      "in-back": () => this.nudge("start", -1), "in-on": () => this.nudge("start", 1),
      "out-back": () => this.nudge("end", -1), "out-on": () => this.nudge("end", 1),
      "real-time": () => player.toggleRealTime(),
      in: () => player.video && this.setEnd("start"), out: () => player.video && this.setEnd("end"),
      angle: () => this.loaded.get(angles).next(card), "angle-only": () => this.loaded.get(angles).toggleOnly(card),
      split: () => this.loaded.get(making).split(card, atMs), make: () => this.loaded.get(making).add(card, atMs),
      people: () => tags.focus(card, "people"), friends: () => tags.focusEnd(card, "people"), trick: () => tags.focus(card, "trick"),
      suggestion: () => this.loaded.get(suggested).accept(card),
      star: () => tags.addStar(card),
      "last-trick": () => tags.repeatTrick(card),
    };
    moves[name]?.();
  }

  load(module) {
    return module().then((Loaded) => this.loaded.has(module) || this.loaded.set(module, new Loaded(this)), () => false);
  }

  /** Let a card's moment end elsewhere, because it was split or the split undone. */
  endAt(card, endMs) {
    card.dataset.endMs = endMs;
    if (card !== this.hand.current) return void (card.querySelector("[name=end_ms]").value = endMs);
    this.trim.set("end", endMs);
    this.player.replay();
  }

  /** Offer what an answer suggests. */
  async suggest(answer) {
    if (answer.querySelector("[data-suggested]")) await this.load(suggested);
    this.loaded.get(suggested)?.hear(answer);
  }

  /** Fold the player and the trimming out, or away: on a phone they lie behind one tap, for all cards. */
  foldTools() {
    this.root.toggleAttribute("data-tools");
    this.loaded.get(hints)?.close();
    if (this.hand.current) this.showTools(this.hand.current);
  }

  showTools(card) {
    card.querySelector("[data-do=tools]").setAttribute("aria-expanded", String("tools" in this.root.dataset));
  }

  keepAs(category, card) {
    if (category === "suggested") this.loaded.get(suggested).accept(card);
    else this.tags.setCategory(card, category);
    this.decide("keep", card);
  }

  /** Let the clip begin or end at the frame that is on screen. */
  setEnd(end) {
    this.trim.set(end, this.player.frameMs);
    this.trim.settle();
  }

  /** Move one end by a frame, and show the frame that it is at now. */
  nudge(end, frames) {
    const ms = this.trim.span[`${end}Ms`];
    this.trim.set(end, this.player.besideMs(ms, frames));
    this.trim.settle();
    if (this.player.video) {
      this.player.pause();
      this.player.seek(this.trim.span[`${end}Ms`]);
    }
  }

  writeRecent(card, box, digit) {
    const chip = this.root.querySelector(`[data-recent-of=${box}][data-digit="${digit}"]`);
    if (chip) this.tags.write(card, box, chip.dataset.value);
  }

  decide(kind, card) {
    const { segment, file } = card.dataset;
    const gone = kind === "aside" ? this.hand.cards.filter((other) => other.dataset.file === file) : [card];
    const fields = kind === "keep" ? keepFields(card) : [];
    const tags = kind === "keep" ? Object.fromEntries(fields) : null;
    const keptAs = tags && tagsIn(card, this.status.words);
    card.dataset.touched = "";
    this.loaded.get(hints)?.close();
    const others = kind === "aside" ? [] : [...card.querySelectorAll("[data-shift-ms]")].map(({ dataset }) => dataset.angle);
    if (others.length) fields.push(["angles", others.join(" ")], ["only", card.dataset.angleOnly ?? ""]);
    const also = gone.map((other) => other.dataset.segment).filter((other) => other !== segment);
    const key = this.send(kind, segment, [["segment", segment], ...fields], [...also, ...others]);
    if (kind === "keep" && hasNewNames(card)) learn(this.queue.arrival(key)); // the next card is there before the server knows
    this.past.push({ key, segment, tags });
    this.lines.note(segment, { keep: "kept", trash: "trashed" }[kind] ?? null);
    for (const other of gone.reverse()) this.hand.remove(other);
    this.status.decided(kind, DECISIONS[kind], keptAs);
    this.showState();
  }

  undo() {
    const last = this.past.pop();
    if (!last || last.tags) this.tags.unhear();
    if (last?.made) this.hand.drop(last.made);
    const isBack = last && this.hand.recall(last.segment);
    if (isBack && last.endMs) this.endAt(this.hand.current, last.endMs);
    if (last) this.lines.note(last.segment, null);
    this.send("undo", last?.segment ?? null, last ? [["decision", last.key]] : []);
    if (last) this.status.decided("undo", "undone");
    this.showState();
  }

  send(kind, segment, fields, also = []) {
    const key = newId();
    const { lease, root } = this;
    this.truth.change();
    this.queue.push({
      key, kind, segment, also, lease, member: root.dataset.member, url: root.dataset[`${kind}Url`],
      fields: [["lease", lease], ["key", key], ...fields],
    });
    return key;
  }

  showCard(card, before) {
    if (card !== before) this.gestures.cancel();
    if (card) this.tags.inherit(card);
    this.showIntent(card);
    if (before !== card) this.shuttle.level = 0;
    if (card && before !== null) this.player.isWanted = true; // the next one moves, whatever was done with the last
    this.trim.attach(card);
    this.player.attach(card, card ? this.trim.span : null);
    this.lines.attach(card);
    if (card) afterPaint(() => card === this.hand.current && this.settleOn(card, before));
  }

  /** Say what a decision would write; a swipe under way says it as well. */
  showIntent(card) {
    this.intent.show(card);
    this.loaded.get(suggested)?.draw();
    this.gestures.redraw();
  }

  /** What needs to know how the page looks now, and would hold up its picture. */
  settleOn(card, before) {
    this.keys.mark(card);
    this.showTools(card);
    if (card.querySelector("[data-angle]") && !this.loaded.has(angles)) this.load(angles);
    if (!localStorage.getItem("sort-hints")) this.load(hints).then(() => this.loaded.get(hints)?.show());
    const { activeElement } = document;
    const nowhere = !activeElement || activeElement === document.body || before?.contains(activeElement);
    if (nowhere) card.focus({ preventScroll: true });
  }

  /** Have all of a card ready that is on top soon. */
  prepareCard(card) {
    cue(card, Number(card.querySelector("[name=start_ms]").value));
    this.keys.mark(card);
    this.lines.prepare(card);
  }

  /** See to it that a card's preview shows all of a span; most do, so what makes a longer one is loaded when it is wanted. */
  async widen(card, span) {
    const { csrf } = this.root.dataset;
    this.wider ??= import("./longer-preview.js").then(({ Wider }) => new Wider(csrf, (shown) => this.showWider(shown)));
    (await this.wider).want(card, span);
  }

  /** Continue with a preview that shows more than before. */
  showWider(card) {
    if (card !== this.hand.current) return;
    this.trim.attach(card);
    this.player.attach(card, this.trim.span);
    this.lines.redraw();
  }

  showState() {
    this.status.table({ any: this.hand.current !== null, busy: this.queue.waiting > 0 });
  }

  /** Sent by a page that closes; what is on its way to the server stays held until it is there. */
  giveBack() {
    this.queue.leave();
    const form = new FormData();
    form.append("csrfmiddlewaretoken", this.root.dataset.csrf);
    form.append("lease", this.lease);
    form.append("waiting", [...new Set([...this.queue.pending.keys(), ...this.queue.segments])].filter(Boolean).join(" "));
    sessionStorage.setItem(LEFT_KEY, this.lease);
    navigator.sendBeacon(this.root.dataset.releaseUrl, form);
  }
}

const root = document.querySelector("[data-sorter]");
if (root) new SortPage(root).start();
