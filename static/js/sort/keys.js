// From keys and buttons to the names of what they do. Inside a box keys write; single letters can be switched off
// (WCAG 2.1.4), which this device remembers. Buttons say what they do by data-do.

const SWITCH_KEY = "sort-shortcuts";
const KEYS = {
  Enter: "keep", x: "trash", s: "skip", v: "aside", z: "undo", p: "people", g: "trick", t: "TRICK", r: "BROLL", c: "CRASH",
  i: "in", o: "out", ",": "back", ".": "forward", " ": "play", 0: "replay", "<": "slower", ">": "faster", m: "sound",
  "?": "help", ArrowLeft: "second-back", ArrowRight: "second-on",
};
const WRITES = "input:not([type=radio], [type=checkbox], [type=hidden]), textarea, select";

const isOn = () => localStorage.getItem(SWITCH_KEY) !== "off";

export class Keys {
  /** @param {(name: string, byKey: boolean) => void} act */
  constructor(root, act) {
    this.act = act;
    this.help = root.querySelector("[data-help]");
    this.switch = root.querySelector("[data-shortcuts-switch]");
    this.switch.checked = isOn();
    this.switch.addEventListener("change", () => {
      localStorage.setItem(SWITCH_KEY, this.switch.checked ? "on" : "off");
      this.#showSwitch(root);
    });
    this.#showSwitch(root);
    document.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) act(button.dataset.do, event.detail === 0);
    });
  }

  showHelp() {
    this.help.showModal();
  }

  #showSwitch(root) {
    root.toggleAttribute("data-no-shortcuts", !isOn());
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || this.help.open) return;
    if (event.target.closest(WRITES)) return;
    const onControl = event.target.closest("button, a, summary, [type=checkbox]");
    if (onControl && (event.key === "Enter" || event.key === " ")) return; // it has a meaning of its own there
    const onRadio = event.target.closest("[type=radio]");
    if (onRadio && (event.key.startsWith("Arrow") || event.key === " ")) return;
    const isLetter = event.key.length === 1 && event.key !== " ";
    if (isLetter && !isOn()) return;
    const name = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
    if (!name || (event.repeat && !["back", "forward", "second-back", "second-on"].includes(name))) return;
    event.preventDefault();
    this.act(name, true);
  }
}
