// A preview shows its moment and a little around it. Who trims past its edge gets a longer one, on the same card: the
// server is asked until it is there, and the player continues with it.

const ASK_AGAIN_MS = 1500;
const SETTLE_MS = 400; // a handle that still moves asks for nothing
const PATIENCE_MS = 120000;

const videoOf = (card) => card.querySelector("[data-preview-video]");

function covers(video, { startMs, endMs }) {
  return Number(video.dataset.previewStartMs) <= startMs && Number(video.dataset.previewEndMs) >= endMs;
}

export class Wider {
  /**
   * @param {string} csrf
   * @param {(card: HTMLElement) => void} onWider told when a card's video shows more
   */
  constructor(csrf, onWider) {
    Object.assign(this, { csrf, onWider });
  }

  /** See to it that the card's preview shows all of a span. */
  want(card, span) {
    clearTimeout(this.timer);
    if (!videoOf(card) || covers(videoOf(card), span)) return this.#say(card, "");
    this.#say(card, "making");
    const until_ms = performance.now() + PATIENCE_MS;
    this.timer = setTimeout(() => this.#ask(card, span, until_ms), SETTLE_MS);
  }

  async #ask(card, span, until_ms) {
    if (!card.isConnected || !card.hasAttribute("data-current")) return;
    const body = new URLSearchParams([["start_ms", span.startMs], ["end_ms", span.endMs]]);
    const headers = { "X-CSRFToken": this.csrf, "HX-Request": "true" };
    const answer = await fetch(card.dataset.previewUrl, { method: "POST", body, headers }).catch(() => null);
    if (answer?.ok) {
      const preview = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-preview]");
      const made = preview.querySelector("[data-preview-video]");
      if (made && covers(made, span)) return this.#take(card, made);
      if (preview.dataset.widening === "failed") return this.#say(card, "failed");
    } else if (answer || performance.now() > until_ms) return this.#say(card, "failed");
    if (performance.now() > until_ms) return this.#say(card, "failed");
    this.timer = setTimeout(() => this.#ask(card, span, until_ms), ASK_AGAIN_MS);
  }

  #take(card, made) {
    const video = videoOf(card);
    if (!video) return;
    for (const name of ["previewStartMs", "previewEndMs", "slowDown"]) video.dataset[name] = made.dataset[name];
    // Another address for another file, or a player would keep playing what it has of the old one.
    video.src = `${made.getAttribute("src")}?from=${made.dataset.previewStartMs}&to=${made.dataset.previewEndMs}`;
    this.#say(card, "");
    this.onWider(card);
  }

  #say(card, state) {
    for (const says of card.querySelectorAll("[data-wider]")) says.hidden = says.dataset.wider !== state;
  }
}
