// What was decided lately, the last one last, each with its card, so that an undo is there at once however far back it
// goes. The server knows it all; what of it lies before this page was opened is asked for in portions, ahead of need.

import { whenIdle } from "./scheduling.js";

const AHEAD = 50; // undos that shall need no answer of the server, one portion after the other
const PATIENCE_MS = 5000; // then the server is asked for one undo at a time

const cardOf = (row) => row.querySelector("[data-card]");

export class Past {
  /**
   * @param {import("./hand.js").Hand} hand
   * @param {string} address answers with _past.html
   * @param {() => boolean} isSettled whether all that was decided has arrived at the server
   * @param {HTMLElement|null} first the first portion, which came with the page: after a reload the line is full of videos
   */
  constructor(hand, address, isSettled, first) {
    Object.assign(this, { hand, address, isSettled, first, entries: [], hasMore: true, oldest: null });
    this.seen = new Set(); // keys of what is or was among the entries
  }

  /** Note a decision: its key, its segment, what was made (``made``) or changed (``endMs``), and a keep's ``tags``. */
  push(entry) {
    this.entries.push(entry);
    this.seen.add(entry.key);
    if (this.entries.length <= this.hand.keptPast) return;
    this.seen.delete(this.entries.shift().key); // so far back the server is asked again
    this.oldest = this.entries[0].key;
    this.hasMore = true;
  }

  pop() {
    const last = this.entries.pop() ?? null;
    this.fill();
    return last;
  }

  /** What the last keep that is known and stands was kept as, or the last one that fits; null where none is. */
  lastKept(fits = () => true) {
    return this.entries.findLast(({ tags }) => tags && fits(tags))?.tags ?? null;
  }

  find(key) {
    return this.entries.find((entry) => entry.key === key) ?? null;
  }

  forget(key) {
    this.entries = this.entries.filter((entry) => entry.key !== key);
  }

  /** Whether what an undo would be about is still to be fetched. */
  get isBehind() {
    return this.entries.length === 0 && this.hasMore;
  }

  /** Fetch what lies further back, unless there is enough; resolves when a portion of it has come, or could not. */
  fill() {
    const { first } = this;
    this.first = null;
    // What waits to be sent, or was decided since, is not in what came with the page.
    if (first && this.seen.size === 0 && this.isSettled()) this.#take(first);
    if (this.fetching || !this.hasMore || this.entries.length >= AHEAD) return this.fetching ?? Promise.resolve();
    // What came before a decision does not change by later ones; where nothing is known, all must have arrived.
    if (!this.oldest && !this.isSettled()) return Promise.resolve();
    this.fetching = this.#fetch().catch(() => false).then((hasCome) => {
      this.fetching = null;
      if (hasCome) whenIdle(() => this.fill());
    });
    return this.fetching;
  }

  /** Take one portion over; false when another try now would bring nothing. */
  async #fetch() {
    const address = this.oldest ? `${this.address}?before=${this.oldest}` : this.address;
    const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) return false;
    this.#take(new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-past]"));
    return true;
  }

  #take(past) {
    const rows = [...past.querySelectorAll("[data-decision]")]; // newest first
    const older = rows.filter(({ dataset }) => !this.seen.has(dataset.decision)).reverse();
    this.hasMore = "more" in past.dataset;
    this.oldest = rows.at(-1)?.dataset.decision ?? this.oldest;
    for (const { dataset } of older) this.seen.add(dataset.decision);
    this.entries.unshift(...older.map(({ dataset }) => ({
      key: dataset.decision, segment: dataset.segment, endMs: dataset.endMs, made: dataset.made,
      tags: "people" in dataset ? { people: dataset.people, trick: dataset.trick } : null,
    })));
    this.hand.layBehind(older.map(cardOf).filter(Boolean));
  }
}
