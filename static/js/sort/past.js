// What was decided lately, the last one last, each with its card, so that an undo is there at once however far back it
// goes. The server knows it all; what of it lies before this page was opened is asked for in portions, ahead of need.

const AHEAD = 12; // undos that shall need no answer of the server

const cardOf = (row) => row.querySelector("[data-card]");

export class Past {
  /**
   * @param {import("./hand.js").Hand} hand
   * @param {string} address answers with _past.html
   */
  constructor(hand, address) {
    Object.assign(this, { hand, address, entries: [], hasMore: true, n: 0 });
  }

  /** Note a decision: its key, its segment, and what was made (``made``) or changed (``endMs``). */
  push(entry) {
    this.n += 1;
    this.entries.push(entry);
    if (this.entries.length <= this.hand.keptPast) return;
    this.entries.shift(); // so far back the server is asked again
    this.hasMore = true;
  }

  pop() {
    this.n += 1;
    return this.entries.pop() ?? null;
  }

  find(key) {
    return this.entries.find((entry) => entry.key === key) ?? null;
  }

  forget(key) {
    this.entries = this.entries.filter((entry) => entry.key !== key);
  }

  /** Fetch what lies further back, unless there is enough; ``isSettled`` says whether the server knows all from here. */
  async fill(isSettled) {
    if (this.isFetching || !this.hasMore || this.entries.length >= AHEAD || !isSettled()) return;
    this.isFetching = true;
    const { n } = this;
    const oldest = this.entries[0]?.key;
    const answer = await fetch(oldest ? `${this.address}?before=${oldest}` : this.address).catch(() => null);
    const html = answer?.ok ? await answer.text() : null;
    this.isFetching = false;
    if (html === null) return; // asked again after the next decision
    if (n !== this.n || !isSettled()) return void this.fill(isSettled); // decided meanwhile: where it ends is not known
    this.#take(new DOMParser().parseFromString(html, "text/html").querySelector("[data-past]"));
  }

  #take(answer) {
    const rows = [...answer.querySelectorAll("[data-decision]")]; // newest first
    this.hasMore = "more" in answer.dataset;
    this.entries.unshift(...rows.map(({ dataset }) => ({
      key: dataset.decision, segment: dataset.segment, endMs: dataset.endMs, made: dataset.made,
    })).reverse());
    this.hand.layBehind(rows.map(cardOf).filter(Boolean).reverse());
  }
}
