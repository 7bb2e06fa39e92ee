// Three hints at the first card that a browser ever shows: gestures on a phone, keys at a desk (css/sorting.css). They go
// with the first decision or by their button, and never come back to this browser: page.js loads them until then.

const SEEN_KEY = "sort-hints";

export class Hints {
  /** @param {object} page the sort page: root, hand */
  constructor({ root, hand }) {
    this.place = root.querySelector("[data-hints]");
    this.place.querySelector("button").addEventListener("click", () => {
      this.close();
      hand.current?.focus({ preventScroll: true });
    });
  }

  show() {
    this.place.hidden = localStorage.getItem(SEEN_KEY) !== null;
  }

  close() {
    if (this.place.hidden) return;
    if (this.place.checkVisibility()) localStorage.setItem(SEEN_KEY, "seen");
    this.place.hidden = true;
  }
}
