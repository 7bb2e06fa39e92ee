// The help: all that can be done, with its keys. A click on a key waits for another one, which takes its place.

import { capOf, keyOf } from "./keymap.js";

const NOT_KEYS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "Dead", "Tab", "CapsLock"]);

export class KeyDialog {
  /** @param {() => void} onChange told when a key got another meaning */
  constructor(root, keymap, onChange) {
    Object.assign(this, { root, keymap, onChange, waiting: null });
    this.dialog = root.querySelector("[data-help]");
    this.says = this.dialog.querySelector("[data-keys-say]");
    this.dialog.addEventListener("click", (event) => this.#click(event));
    this.dialog.addEventListener("keydown", (event) => this.#key(event));
    this.dialog.addEventListener("close", () => this.#stopWaiting());
    this.draw();
  }

  show() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  draw() {
    for (const button of this.dialog.querySelectorAll("[data-key-of]")) {
      const caps = this.keymap.keysOf(button.dataset.keyOf).map((key) => {
        const cap = document.createElement("kbd");
        cap.textContent = capOf(key);
        return cap;
      });
      button.replaceChildren(...(caps.length ? caps : ["–"]));
      const meaning = button.closest("[data-key-row]").querySelector("dd").textContent;
      button.setAttribute("aria-label", `${meaning}: ${caps.map((cap) => cap.textContent).join(", ") || "–"}`);
    }
  }

  #click(event) {
    const button = event.target.closest("[data-key-of]");
    if (button) {
      this.#stopWaiting();
      this.waiting = button;
      button.dataset.waiting = "";
      this.says.textContent = this.says.dataset.press;
    } else if (event.target.closest("[data-keys-reset]")) {
      this.keymap.own = {};
      localStorage.removeItem(this.keymap.store);
      this.#changed();
    }
  }

  #key(event) {
    if (!this.waiting || NOT_KEYS.has(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const name = this.waiting.dataset.keyOf;
    this.#stopWaiting();
    if (event.key === "Escape" || event.ctrlKey || event.metaKey) return;
    this.#assign(name, keyOf(event));
    this.#changed();
  }

  /** Give a key to something; whatever had it before is left with its other keys, or with none. */
  #assign(name, key) {
    const { keymap } = this;
    const before = keymap.nameOf(key);
    if (before && before !== name) keymap.own[before] = keymap.keysOf(before).find((other) => other !== key) ?? "";
    keymap.own[name] = key;
    localStorage.setItem(keymap.store, JSON.stringify(keymap.own));
  }

  #changed() {
    this.draw();
    this.onChange();
  }

  #stopWaiting() {
    if (this.waiting) delete this.waiting.dataset.waiting;
    this.waiting = null;
    this.says.textContent = "";
  }
}
