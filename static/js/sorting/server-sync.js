// What the server says: which cards are ours, what became of what was sent, how much is left. The page tells it what it
// shows, and takes over the answers; one that is older than a decision made meanwhile is known as such.

const RENEW_MS = 60000;
const LOOK_AGAIN_MS = 10000; // when there was nothing to deal

const answerIn = (html) => new DOMParser().parseFromString(html, "text/html").querySelector("[data-answer]");

export class Truth {
  /** @param {object} page the sort page: root, lease, hand, past, queue, status, endAt, showState */
  constructor(page) {
    this.page = page;
    this.changes = 0; // how often something was decided or answered
  }

  /** Note that something was decided here. */
  change() {
    this.changes += 1;
  }

  /** What the page shows at this moment, which decides what the answer must bring. */
  shownFields() {
    const { hand, queue, root } = this.page;
    // What is undone comes back, and its card was maybe given up here: unless it is known, the server must draw it.
    const pending = [...queue.pending].filter(([segment, kind]) => segment && kind !== "undo").map(([segment]) => segment);
    const have = [...new Set([...hand.known, ...pending])].join(" ");
    const file = hand.current?.dataset.file ?? "";
    const table = new FormData(root.querySelector("[data-table]"));
    return [["have", have], ["waiting", queue.inherited.join(" ")], ["file", file], ...table];
  }

  /** Take over what came of a decision that was sent. */
  take(entry, httpStatus, html) {
    const { page } = this;
    this.change();
    const refused = httpStatus !== 200;
    const answer = answerIn(html);
    const said = answer?.querySelector("[data-sentence]");
    if (refused) this.#takeRefusal(entry, said?.firstChild.data.trim() ?? html, said?.querySelector("a"));
    const made = entry.kind === "add" && page.past.find(entry.key);
    if (made && answer) made.made = answer.dataset.front;
    if (entry.lease !== page.lease || !answer) return void this.refresh();
    this.#deal(answer, refused && entry.kind !== "undo" ? entry.segment : null, refused);
    if (refused || entry.kind !== "undo") return;
    if (said) page.status.notice(said.firstChild.data.trim(), "undo"); // more went than the decision itself
    else if (entry.segment === null) page.status.notice(page.status.words.undone, "undo");
  }

  /** Renew the lease and take over the truth. */
  async refresh(more = []) {
    clearTimeout(this.timer);
    const { changes } = this;
    const { root, lease, queue, status } = this.page;
    try {
      const body = new URLSearchParams([["lease", lease], ...this.shownFields(), ...more]);
      const headers = { "X-CSRFToken": root.dataset.csrf, "HX-Request": "true" };
      const response = await fetch(root.dataset.handUrl, { method: "POST", body, headers });
      if (response.status === 401 || response.status === 403) {
        status.connection(response.status === 401 ? "logged-out" : "stale", queue.waiting);
      } else if (response.ok && changes === this.changes) {
        status.connection(queue.state === "offline" && queue.waiting ? "offline" : "online", queue.waiting);
        const answer = answerIn(await response.text());
        const said = answer.querySelector("[data-sentence]");
        this.#deal(answer, null, false);
        if (said) status.notice(said.textContent, "refused");
      }
    } catch {
      status.connection("offline", queue.waiting);
    }
    clearTimeout(this.timer);
    const wait_ms = this.page.hand.current ? RENEW_MS : LOOK_AGAIN_MS;
    this.timer = setTimeout(() => document.visibilityState === "visible" && this.refresh(), wait_ms);
    this.page.showState();
  }

  #takeRefusal(entry, sentence, link) {
    const { hand, past, status } = this.page;
    const refusedCard = entry.kind === "split" && hand.card(entry.segment);
    const was = past.find(entry.key);
    if (refusedCard && was) this.page.endAt(refusedCard, was.endMs);
    past.forget(entry.key);
    status.notice(sentence, "refused", link);
  }

  #deal(answer, again, refused) {
    const { hand, queue, past, status, tags } = this.page;
    if (queue.waiting === 0 || !tags.heard) tags.hear({ people: answer.dataset.lastPeople, trick: answer.dataset.lastTrick });
    const lost = hand.take(answer, queue.pending, again);
    if (lost && !refused) status.notice(status.words.lostCard, "refused");
    if (queue.waiting === 0) status.left(answer);
    if (hand.current) tags.offer(hand.current);
    this.page.suggest(answer);
    status.nothingLeft(answer.querySelector("[data-nothing-left]"));
    this.page.showState();
    past.fill();
  }
}
