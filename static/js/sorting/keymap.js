// Which key does what. Everything can be given another key; this device remembers that for each member.
// A key is named as people read it: "x", "Enter", "Shift+1", "[". Digits and brackets are taken by their place on the
// keyboard, because with Shift they write something else on each layout.

const STORE = "sort-keys";

/** Name of what is done → its keys. */
export const DEFAULTS = {
  keep: ["Enter"], trash: ["x"], skip: ["s"], aside: ["v"], undo: ["z", "u"],
  "keep-TRICK": ["t"], "keep-BROLL": ["r"], "keep-CRASH": ["c"],
  suggestion: ["y"], "keep-suggested": ["Shift+Enter"],
  star: ["q"],
  people: ["p"], friends: ["f"], trick: ["g"], "last-trick": ["=", "Shift+0"], // on many keyboards one and the same key
  in: ["i"], out: ["o"], "in-back": ["["], "in-on": ["]"], "out-back": ["Shift+["], "out-on": ["Shift+]"],
  "shuttle-back": ["j"], "shuttle-stop": ["k"], "shuttle-on": ["l"],
  back: [","], forward: ["."], "second-back": ["ArrowLeft"], "second-on": ["ArrowRight"],
  play: ["Space"], replay: ["0"], slower: ["<"], faster: [">"], slow: ["w"], loop: ["a"],
  sound: ["m"],
  angle: ["d"], "angle-only": ["e"],
  split: ["b"], make: ["n"], help: ["?"],
};
for (let digit = 1; digit <= 9; digit += 1) {
  DEFAULTS[`person-${digit}`] = [`${digit}`];
  DEFAULTS[`trick-${digit}`] = [`Shift+${digit}`];
}

const SHOWN = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Enter: "↵" };

export function keyOf(event) {
  const shift = event.shiftKey ? "Shift+" : "";
  const digit = /^Digit(\d)$/.exec(event.code)?.[1] ?? (event.code.startsWith("Numpad") && /^\d$/.exec(event.key)?.[0]);
  if (digit && !event.getModifierState("AltGraph")) return shift + digit;
  const bracket = { BracketLeft: "[", BracketRight: "]" }[event.code];
  if (bracket) return shift + bracket;
  if (event.key === " ") return "Space";
  if (event.key === "Enter") return `${shift}Enter`;
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

/** As it is printed on a small key cap. */
export const capOf = (key) => key.replace("Shift+", "⇧").replace(/[A-Za-z]+$/, (name) => SHOWN[name] ?? (name.length === 1 ? name.toUpperCase() : name));

export class Keymap {
  constructor(member) {
    this.store = `${STORE}-${member}`;
    this.own = {};
    try {
      const kept = JSON.parse(localStorage.getItem(this.store) ?? "{}");
      for (const [name, key] of Object.entries(kept)) if (name in DEFAULTS && typeof key === "string") this.own[name] = key;
    } catch {
      localStorage.removeItem(this.store);
    }
  }

  keysOf(name) {
    if (name in this.own) return this.own[name] ? [this.own[name]] : [];
    return DEFAULTS[name] ?? [];
  }

  /** What a key does; null when nothing. One that somebody chose stays theirs when a newer default has it as well. */
  nameOf(key) {
    const names = Object.keys(DEFAULTS).filter((name) => this.keysOf(name).includes(key));
    return names.find((name) => name in this.own) ?? names[0] ?? null;
  }

  /** Let buttons say the keys that they have now. */
  mark(root) {
    for (const button of root.querySelectorAll("[data-do]")) {
      const does = button.dataset.pressedBy ?? button.dataset.do; // the key of another deed, where that does the same there
      const keys = does === "speed" ? ["slower", "faster"].flatMap((name) => this.keysOf(name)) : this.keysOf(does);
      if (!keys.length && !(does in DEFAULTS)) continue;
      if (keys.length) button.setAttribute("aria-keyshortcuts", keys.join(" "));
      else button.removeAttribute("aria-keyshortcuts");
      const cap = button.querySelector("kbd");
      if (cap) cap.textContent = keys.length ? capOf(keys[0]) : "";
    }
  }
}
