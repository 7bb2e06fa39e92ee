// What the page says around the cards: what is left, what was just done, the connection, and why there is no card.

const NOTICE_MS = 2500;
const REFUSED_MS = 8000;

export class Status {
  constructor(root) {
    this.root = root;
    this.words = root.querySelector("[data-words]").dataset;
    this.hasNothingLeft = false;
    this.isLoading = true;
    this.state = "online";
  }

  /** Take over the server's counts. */
  left(answer) {
    const left = answer.querySelector("[data-left]");
    if (left) this.root.querySelector("[data-left]").replaceWith(left);
    const recent = answer.querySelector("[data-recent]");
    const shown = this.root.querySelector("[data-recent]");
    // Only when there are others: a chip that is just being tapped must not go away.
    if (recent && recent.textContent !== shown.textContent) shown.replaceWith(recent);
  }

  /** Say at once what was done, and ``more`` about it; the counts follow without waiting for the server. */
  decided(kind, word, more = "") {
    const change = { keep: -1, trash: -1, undo: 1, split: 1, add: 1 }[kind] ?? 0;
    for (const count of this.root.querySelectorAll("[data-count]")) {
      count.textContent = Math.max(0, Number(count.textContent) + change);
    }
    this.notice([this.words[word], more].filter(Boolean).join(" · "), kind);
  }

  /** @param {HTMLElement|null} link where more can be done about it */
  notice(text, kind, link = null) {
    const place = this.root.querySelector("[data-notice]");
    place.replaceChildren(text, ...(link ? [" ", link] : []));
    place.dataset.kind = kind;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { place.textContent = ""; }, kind === "refused" ? REFUSED_MS : NOTICE_MS);
  }

  /** @param {"online"|"offline"|"logged-out"|"stale"} state */
  connection(state, waiting) {
    const { words } = this;
    const banner = this.root.querySelector("[data-banner]");
    const howMany = waiting === 1 ? words.waitingOne : words.waitingMany.replace("#", waiting);
    const says = { offline: waiting ? howMany : words.offline, "logged-out": words.loggedOut, stale: words.stale }[state];
    if (state === "online" && this.state === "offline") this.notice(words.arrived, "good");
    if (state === "online" && waiting > 0) return;
    this.state = state;
    banner.textContent = says ?? "";
    banner.hidden = !says;
    banner.dataset.state = state;
  }

  nothingLeft(section) {
    this.isLoading = false;
    this.hasNothingLeft = section !== null;
    this.root.querySelector("[data-nothing-left-place]").replaceChildren(...(section ? [section] : []));
  }

  /** Show the cards, or why there is none. */
  table({ any, busy }) {
    const away = this.state !== "online";
    const state = any ? "cards" : away ? "away" : this.hasNothingLeft && !busy ? "empty" : "loading";
    this.root.dataset.state = state;
    this.root.querySelector("[data-loading]").hidden = state !== "loading";
    this.root.querySelector("[data-waiting]").hidden = state !== "away";
    this.root.querySelector("[data-nothing-left-place]").hidden = state !== "empty";
    this.root.querySelector("[data-hand]").hidden = state !== "cards";
    for (const button of this.root.querySelectorAll("[data-deck] [data-do]")) {
      button.disabled = state !== "cards" && button.dataset.do !== "undo";
    }
  }
}
