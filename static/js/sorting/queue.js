// Decisions on their way to the server: one after the other, each with its key, again and again until it has arrived.
// An entry is {key, url, lease, member, kind, segment, also, fields}; ``also`` are others that it takes off the table.
// Sending one twice does no harm: the server knows its key.

import { afterPaint, whenIdle } from "./scheduling.js";
import { Store } from "./store.js";

const RETRY_DELAYS_MS = [500, 1000, 2000, 5000, 10000, 30000];
const PATIENCE_MS = 20000;
/** What the server answers when it has understood; all else is tried again. */
const FINAL = new Set([200, 204, 404, 409, 422]);

export class DecisionQueue {
  /**
   * @param {object} page lease, member, csrf
   * @param {(entry: object, status: number, html: string) => void} onAnswer
   * @param {(state: "online"|"offline"|"logged-out"|"stale", waiting: number) => void} onState
   * @param {() => [string, string][]} extraFields what the page shows at the time of sending
   */
  constructor(page, { onAnswer, onState, extraFields }) {
    Object.assign(this, { page, onAnswer, onState, extraFields });
    this.entries = [];
    this.awaited = new Map(); // key → whom to tell that it has arrived
    this.state = "online";
    this.attempt = 0;
    window.addEventListener("online", () => this.#wake());
    window.addEventListener("offline", () => this.#say("offline"));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#wake());
  }

  /** Take over what an earlier page of this member could not send any more. */
  async open() {
    this.store = await Store.open();
    const left = await this.store.all();
    this.entries.unshift(...left.filter(({ member, key }) => member === this.page.member && !this.#has(key)));
  }

  push(entry) {
    this.entries.push(entry);
    entry.saved = this.store?.add(entry).catch(() => undefined);
    if (this.state === "offline") this.#say("offline");
    afterPaint(() => this.flush());
  }

  /** Resolve when the server has answered to an entry. */
  arrival(key) {
    return new Promise((resolve) => { this.awaited.set(key, resolve); });
  }

  get waiting() {
    return this.entries.length;
  }

  /** What of this page's segments was decided and has not arrived: segment → kind of its last decision. */
  get pending() {
    // What is made of a card leaves the card where it is.
    const own = this.entries.filter(({ lease, kind }) => lease === this.page.lease && kind !== "split" && kind !== "add");
    return new Map(own.flatMap(({ segment, also, kind }) => [segment, ...also].map((one) => [one, kind])));
  }

  /** As what the last keep that waits, and is not undone, was kept; null where none does. */
  get lastKept() {
    const undone = new Set(this.entries.filter(({ kind }) => kind === "undo").map(({ fields }) => Object.fromEntries(fields).decision));
    const keep = this.entries.findLast(({ kind, key }) => kind === "keep" && !undone.has(key));
    return keep ? Object.fromEntries(keep.fields) : null;
  }

  /** All segments that decisions wait for, also those of an earlier page. */
  get segments() {
    return this.entries.map(({ segment }) => segment).filter(Boolean);
  }

  /** Those of an earlier page alone: nobody else shall decide them meanwhile, and no card of them shall come. */
  get inherited() {
    return this.entries.filter(({ lease, segment }) => segment && lease !== this.page.lease).map(({ segment }) => segment);
  }

  async flush() {
    if (this.sending) return;
    this.sending = true;
    clearTimeout(this.timer);
    while (this.entries.length) {
      const [entry] = this.entries;
      const answer = await this.#send(entry);
      if (!answer) break;
      await new Promise(whenIdle); // the next card, which is just beginning to move, comes first
      this.entries.shift();
      await entry.saved; // else the store would keep what has arrived
      await this.store?.remove(entry).catch(() => undefined);
      this.attempt = 0;
      this.#say("online");
      this.onAnswer(entry, answer.status, answer.html);
      this.awaited.get(entry.key)?.();
      this.awaited.delete(entry.key);
    }
    this.sending = false;
  }

  async #send(entry) {
    const own = entry.lease === this.page.lease;
    const body = new URLSearchParams([...entry.fields, ...(own ? this.extraFields() : [["no_hand", "1"]])]);
    const headers = { "X-CSRFToken": this.page.csrf, "HX-Request": "true" };
    let response;
    try {
      response = await fetch(entry.url, { method: "POST", body, headers, signal: AbortSignal.timeout(PATIENCE_MS) });
      if (FINAL.has(response.status)) return { status: response.status, html: await response.text() };
    } catch {
      return this.#retryLater("offline");
    }
    if (response.status === 401) return this.#retryLater("logged-out");
    return this.#retryLater(response.status === 403 ? "stale" : "offline");
  }

  #retryLater(state) {
    this.#say(state);
    const delay_ms = RETRY_DELAYS_MS[Math.min(this.attempt, RETRY_DELAYS_MS.length - 1)];
    this.attempt += 1;
    this.timer = setTimeout(() => this.flush(), delay_ms);
    return null;
  }

  #wake() {
    this.attempt = 0;
    if (!this.entries.length) this.#say("online");
    this.flush();
  }

  #say(state) {
    this.state = state;
    this.onState(state, this.entries.length);
  }

  #has(key) {
    return this.entries.some((entry) => entry.key === key);
  }
}
