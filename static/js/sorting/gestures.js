// Swipes over the picture of the card on top: left trashes, right keeps, up skips, down undoes. The card follows the
// finger and says what letting go would do; back to where it began, or a second finger, takes it back. What was said is
// what is done: nothing, where it has just changed or is not sure yet. A tap folds the player out or away.

const NEEDED_PX = 84;
const SLACK_PX = 12; // a tap is no swipe
const UNREAD_MS = 250; // what is said for a shorter time than that, nobody has read
const SWIPES = { left: "trash", right: "keep", up: "skip", down: "undo" };

function directionOf(dx, dy) {
  if (Math.abs(dx) > Math.abs(dy)) return dx < 0 ? "left" : "right";
  return dy < 0 ? "up" : "down";
}

export class Gestures {
  /**
   * @param {object} page
   * @param {(name: string, card: HTMLElement) => {text: string, isSure: boolean}} page.says what letting go would do
   * @param {(name: string) => void} page.act
   */
  constructor(root, { says, act }) {
    Object.assign(this, { root, act, saysOf: says, swipe: null });
    this.says = root.querySelector("[data-swipe-says]");
    const table = root.querySelector("[data-hand]");
    table.addEventListener("pointerdown", (event) => this.#begin(event));
    table.addEventListener("pointermove", (event) => this.#move(event));
    table.addEventListener("pointerup", (event) => this.#end(event));
    table.addEventListener("pointercancel", () => this.cancel());
  }

  /** The card, or what is written on it, is another: say so to a finger that is just swiping. */
  redraw() {
    if (!this.swipe?.name) return;
    const before = this.says.textContent;
    this.#say();
    if (this.says.textContent !== before) this.swipe.changed_ms = performance.now();
  }

  /** Take a swipe back: the card that it is about is not on top any more. */
  cancel() {
    this.swipe?.card.style.removeProperty("--swiped");
    this.swipe = null;
    this.says.hidden = true;
  }

  #begin(event) {
    if (event.pointerType === "mouse") return;
    const screen = event.target.closest("[data-swipe]");
    if (!event.isPrimary || !screen || event.target.closest("button, a")) return this.cancel();
    this.swipe = {
      id: event.pointerId, x: event.clientX, y: event.clientY, card: screen.closest("[data-card]"), far: 0, changed_ms: -Infinity,
    };
    screen.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const { swipe } = this;
    if (event.pointerId !== swipe?.id) return;
    const [dx, dy] = [event.clientX - swipe.x, event.clientY - swipe.y];
    swipe.far = Math.max(Math.abs(dx), Math.abs(dy));
    swipe.name = swipe.far > SLACK_PX ? SWIPES[directionOf(dx, dy)] : null;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!still) swipe.card.style.setProperty("--swiped", Math.abs(dx) > Math.abs(dy) ? `${dx}px 0` : `0 ${dy}px`);
    this.says.hidden = !swipe.name;
    if (swipe.name) this.#say();
  }

  #say() {
    const { swipe, says } = this;
    const { text, isSure } = this.saysOf(swipe.name, swipe.card);
    swipe.isEnough = isSure && swipe.far >= NEEDED_PX;
    if (says.textContent !== text) says.textContent = text;
    says.dataset.kind = swipe.name;
    says.toggleAttribute("data-enough", swipe.isEnough);
    says.style.opacity = Math.min(1, 0.35 + swipe.far / NEEDED_PX / 2);
  }

  #end(event) {
    const { swipe } = this;
    if (event.pointerId !== swipe?.id) return;
    this.cancel();
    if (!swipe.name && swipe.far <= SLACK_PX) this.act("tools");
    else if (swipe.name && swipe.isEnough && performance.now() - swipe.changed_ms > UNREAD_MS) this.act(swipe.name);
  }
}
