// From keys and buttons to the names of what they do. Inside a box keys write; single letters can be switched off
// (WCAG 2.1.4), which this device remembers. Buttons say what they do by data-do.

import { Keymap, keyOf } from "./keymap.js";

const SWITCH_KEY = "sort-shortcuts";
/** What repeats while its key is held down. */
const REPEATS = new Set(["back", "forward", "second-back", "second-on", "in-back", "in-on", "out-back", "out-on"]);
const WRITES = "input:not([type=radio], [type=checkbox], [type=range], [type=hidden]), textarea, select";
/** What arrow keys move when it has the focus. */
const MOVES = "[type=radio], [type=range], [role=slider], .mark, .watch-mark";

/** Whether single letters do anything; this device remembers it for all pages. */
export const shortcutsAreOn = () => localStorage.getItem(SWITCH_KEY) !== "off";

export class Keys {
  /**
   * @param {(name: string, byKey: boolean) => void} act
   * @param {(name: string) => boolean} means whether the page has a use for it; other keys are left to others
   */
  constructor(root, act, means = () => true) {
    Object.assign(this, { root, act, means });
    this.keymap = new Keymap(root.dataset.member);
    this.switch = root.querySelector("[data-shortcuts-switch]");
    this.switch.checked = shortcutsAreOn();
    this.switch.addEventListener("change", () => {
      localStorage.setItem(SWITCH_KEY, this.switch.checked ? "on" : "off");
      this.mark();
    });
    this.mark();
    document.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) act(button.dataset.do, event.detail === 0);
    });
  }

  /** Few ever open the sheet of keys: it is loaded with the first who does. */
  async showHelp() {
    this.dialog ??= import("./key-dialog.js").then(({ KeyDialog }) => new KeyDialog(this.root, this.keymap, () => this.mark()));
    (await this.dialog).show();
  }

  /** Let the buttons of a card, or of the whole page, say their keys. */
  mark(part = this.root) {
    this.root.toggleAttribute("data-no-shortcuts", !shortcutsAreOn());
    this.keymap.mark(part);
  }

  #key(event) {
    const isAltGr = event.getModifierState?.("AltGraph");
    if ((event.ctrlKey || event.metaKey || event.altKey) && !isAltGr) return;
    if (event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.target.closest(WRITES)) return;
    const onControl = event.target.closest("button, a, summary, [type=checkbox]");
    if (onControl && (event.key === "Enter" || event.key === " ")) return; // it has a meaning of its own there
    const moves = event.target.closest(MOVES);
    if (moves && (event.key.startsWith("Arrow") || (event.key === " " && moves.matches("[type=radio]")))) return;
    const isLetter = event.key.length === 1 && event.key !== " ";
    if (isLetter && !shortcutsAreOn()) return;
    const name = this.keymap.nameOf(keyOf(event));
    if (!name || !this.means(name) || (event.repeat && !REPEATS.has(name))) return;
    event.preventDefault();
    this.act(name, true);
  }
}
