// Toasts say what was just done: × dismisses one, Z undoes what the newest one says.

import { shortcutsAreOn } from "./sorting/keys.js";

const WRITES = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

document.addEventListener("click", (event) => event.target.closest("[data-close]")?.closest(".toast")?.remove());

function press(event) {
  if (event.key.toUpperCase() !== "Z" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.repeat || event.target.closest(WRITES) || document.querySelector("dialog[open]") || !shortcutsAreOn()) return;
  const undo = document.querySelector("#toasts [data-undo]");
  if (!undo) return;
  event.preventDefault();
  event.stopPropagation(); // a page's own Z would undo something else
  undo.click();
}

window.addEventListener("keydown", press, true);
