// Swipes over the picture of the card on top: left trashes, right keeps, up skips, down undoes. The card follows the
// finger and says what letting go would do; back to where it began, or a second finger, takes it back.

const NEEDED_PX = 84;
const SLACK_PX = 12; // a tap is no swipe
const SWIPES = { left: "trash", right: "keep", up: "skip", down: "undo" };

function directionOf(dx, dy) {
  if (Math.abs(dx) > Math.abs(dy)) return dx < 0 ? "left" : "right";
  return dy < 0 ? "up" : "down";
}

export class Gestures {
  /** @param {(name: string) => void} act */
  constructor(root, act) {
    Object.assign(this, { root, act, swipe: null });
    this.says = root.querySelector("[data-swipe-says]");
    const table = root.querySelector("[data-hand]");
    table.addEventListener("pointerdown", (event) => this.#begin(event));
    table.addEventListener("pointermove", (event) => this.#move(event));
    table.addEventListener("pointerup", (event) => this.#end(event));
    table.addEventListener("pointercancel", () => this.#cancel());
  }

  #begin(event) {
    if (event.pointerType === "mouse") return;
    const screen = event.target.closest("[data-swipe]");
    if (!event.isPrimary || !screen || event.target.closest("button, a")) return this.#cancel();
    this.swipe = { id: event.pointerId, x: event.clientX, y: event.clientY, card: screen.closest("[data-card]"), screen };
    screen.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const { swipe } = this;
    if (event.pointerId !== swipe?.id) return;
    const [dx, dy] = [event.clientX - swipe.x, event.clientY - swipe.y];
    const far = Math.max(Math.abs(dx), Math.abs(dy));
    swipe.name = far > SLACK_PX ? SWIPES[directionOf(dx, dy)] : null;
    swipe.isEnough = far >= NEEDED_PX;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!still) swipe.screen.style.translate = Math.abs(dx) > Math.abs(dy) ? `${dx}px 0` : `0 ${dy}px`;
    this.says.hidden = !swipe.name;
    if (!swipe.name) return;
    this.says.textContent = this.root.querySelector(`[data-deck] [data-do=${swipe.name}] span`).textContent;
    this.says.dataset.kind = swipe.name;
    this.says.toggleAttribute("data-enough", swipe.isEnough);
    this.says.style.opacity = Math.min(1, 0.35 + far / NEEDED_PX / 2);
  }

  #end(event) {
    const { swipe } = this;
    if (event.pointerId !== swipe?.id) return;
    this.#cancel();
    if (swipe.name && swipe.isEnough && swipe.card.isConnected) this.act(swipe.name);
  }

  #cancel() {
    if (this.swipe) this.swipe.screen.style.translate = "";
    this.swipe = null;
    this.says.hidden = true;
  }
}
