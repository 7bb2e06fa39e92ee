// The message that offers to undo what was just done: Z presses its button, and it can be dismissed.

import { shortcutsAreOn } from "./sorting/keys.js";

const WRITES = "input, select, textarea, [contenteditable]";

function press(event) {
  if (event.key.toUpperCase() !== "Z" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.repeat || event.target.closest(WRITES) || document.querySelector("dialog[open]") || !shortcutsAreOn()) return;
  const button = document.querySelector("[data-toast] [data-undo]");
  if (!button) return;
  event.preventDefault();
  event.stopPropagation(); // a page's own Z would undo something else
  button.click();
}

window.addEventListener("keydown", press, true);
document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest("[data-toast]")?.remove());
