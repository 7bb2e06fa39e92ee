// Toasts say what was just done to many things at once: × dismisses one, Z undoes what the newest one says.

const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog";

document.addEventListener("click", (event) => {
  if (event.target.closest(".toast [data-close]")) event.target.closest(".toast").remove();
});

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "z" || event.isComposing || event.defaultPrevented || event.altKey || event.shiftKey) return;
  if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
  const undo = document.querySelector("#toasts [data-undo]");
  if (!undo) return;
  event.preventDefault();
  undo.click();
});
