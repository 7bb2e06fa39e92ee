// Puts the cards of an edit into another order: by a mouse that drags them, by a finger that holds one first or takes its
// handle, and by Alt with the arrows. Escape lets a dragged card go back.

const HOLD_MS = 350;
const MOVED_PX = 6;
const EDGE_PX = 70;
const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

const stripOf = () => document.querySelector("[data-reel-strip]");
const cardsOf = (strip) => [...strip.querySelectorAll("[data-reel-clip]")];

export class Reorder {
  /**
   * @param {HTMLElement} page
   * @param {(card: HTMLElement, position: number) => Promise} move tells the server the new position, from 1 on
   * @param {{mayMove: () => boolean, inTurn: (begin: () => Promise) => void}} rules whether it may, and when it begins
   */
  constructor(page, move, { mayMove, inTurn }) {
    Object.assign(this, { page, move, mayMove, inTurn, held: null });
    page.addEventListener("pointerdown", (event) => this.#press(event));
    window.addEventListener("pointermove", (event) => this.#drag(event), { passive: false });
    window.addEventListener("pointerup", () => this.#drop());
    window.addEventListener("pointercancel", () => this.#cancel());
    // While a card is dragged the page stays where it is.
    page.addEventListener("touchmove", (event) => this.held?.dragging && event.preventDefault(), { passive: false });
    page.addEventListener("contextmenu", (event) => event.target.closest("[data-reel-clip]") && this.held && event.preventDefault());
    page.addEventListener("click", (event) => {
      if (!this.dropped) return;
      this.dropped = false;
      event.preventDefault();
      event.stopPropagation(); // the click that ends a drag opens nothing
    }, true);
    window.addEventListener("keydown", (event) => this.#key(event), true);
  }

  /** Move a card by so many places, or to "first" or "last". */
  step(card, by) {
    const id = card?.dataset.reelClip;
    this.inTurn(() => {
      const cards = cardsOf(stripOf());
      const at = cards.findIndex((other) => other.dataset.reelClip === id);
      const to = { first: 0, last: cards.length - 1 }[by] ?? at + Number(by);
      return at >= 0 && to !== at && to >= 0 && to < cards.length && this.move(cards[at], to + 1);
    });
  }

  #press(event) {
    const card = event.target.closest("[data-reel-strip] [data-reel-clip]");
    if (!card || event.button !== 0 || !this.mayMove()) return;
    const byFinger = event.pointerType !== "mouse";
    this.held = { card, x: event.clientX, y: event.clientY, id: event.pointerId, byFinger, dragging: false, from: cardsOf(stripOf()).indexOf(card) };
    if (event.target.closest("[data-grip]")) {
      event.preventDefault();
      this.#lift();
    } else if (byFinger) {
      this.held.timer = setTimeout(() => { navigator.vibrate?.(10); this.#lift(); }, HOLD_MS);
    }
  }

  #lift() {
    const { held } = this;
    if (!held) return;
    held.dragging = true;
    held.card.toggleAttribute("data-dragged", true);
    stripOf().toggleAttribute("data-dragging", true);
    if (held.byFinger) held.card.setPointerCapture?.(held.id);
  }

  #drag(event) {
    const { held } = this;
    if (!held || event.pointerId !== held.id) return;
    if (!held.dragging) {
      if (Math.hypot(event.clientX - held.x, event.clientY - held.y) < MOVED_PX) return;
      if (held.byFinger) return this.#cancel(); // it scrolls
      this.#lift();
    }
    event.preventDefault();
    this.#scroll(event.clientY);
    const strip = stripOf();
    const over = document.elementsFromPoint(event.clientX, event.clientY)
      .map((element) => element.closest("[data-reel-clip]")).find((card) => card && card !== held.card && strip.contains(card));
    if (!over) return;
    const box = over.getBoundingClientRect();
    const isSingleColumn = box.width > strip.clientWidth * 0.7;
    const after = isSingleColumn ? event.clientY > box.top + box.height / 2 : event.clientX > box.left + box.width / 2;
    if (after) over.after(held.card);
    else over.before(held.card);
  }

  #scroll(y) {
    if (y < EDGE_PX) window.scrollBy(0, -12);
    else if (y > window.innerHeight - EDGE_PX) window.scrollBy(0, 12);
  }

  #drop() {
    const { held } = this;
    if (!held) return;
    const to = cardsOf(stripOf()).indexOf(held.card);
    const { dragging, from, card } = held;
    this.#letGo();
    if (!dragging) return;
    this.dropped = true;
    setTimeout(() => { this.dropped = false; }, 50);
    if (to !== from) this.inTurn(() => this.move(card, to + 1));
  }

  #cancel() {
    const { held } = this;
    if (!held) return;
    if (held.dragging) this.#putBack();
    this.#letGo();
  }

  #putBack() {
    const { card, from } = this.held;
    const others = cardsOf(stripOf()).filter((other) => other !== card);
    if (others[from]) others[from].before(card);
    else others.at(-1)?.after(card);
  }

  #letGo() {
    clearTimeout(this.held.timer);
    this.held.card.removeAttribute("data-dragged");
    stripOf()?.removeAttribute("data-dragging");
    this.held = null;
  }

  #key(event) {
    if (event.key === "Escape" && this.held?.dragging) {
      event.preventDefault();
      return this.#cancel();
    }
    const card = event.target.closest?.("[data-reel-strip] [data-reel-clip]");
    if (!card || !event.altKey || event.ctrlKey || event.metaKey || !(event.key in STEPS)) return;
    event.preventDefault(); // or Alt with an arrow would leave the page
    event.stopPropagation();
    if (this.mayMove()) this.step(card, STEPS[event.key]);
  }
}
