// Three hints at the first card that a browser ever shows: gestures on a phone, keys at a desk (css/sorting.css). They go
// with the first decision or by their button, and never come back to this browser.

const SEEN_KEY = "sort-hints";

export class Hints {
  /** @param {() => void} onClosed told when somebody closed them by hand */
  constructor(root, onClosed) {
    this.place = root.querySelector("[data-hints]");
    this.place.querySelector("button").addEventListener("click", () => {
      this.close();
      onClosed();
    });
  }

  show() {
    if (localStorage.getItem(SEEN_KEY) === null) this.place.hidden = false;
  }

  close() {
    if (this.place.hidden) return;
    if (this.place.checkVisibility()) localStorage.setItem(SEEN_KEY, "seen");
    this.place.hidden = true;
  }
}
