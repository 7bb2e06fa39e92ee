// Toasts say what was just done: × dismisses one, Z undoes what the newest one says.

import { shortcutsAreOn } from "./sorting/keys.js";

const WRITES = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

const KEY = "toast that can be undone"; // in this tab: it comes back where its page does, until it is dismissed or undone

document.addEventListener("click", (event) => {
  const toast = event.target.closest("[data-close]")?.closest(".toast");
  if (toast?.dataset.again === sessionStorage.getItem(KEY)) sessionStorage.removeItem(KEY);
  toast?.remove();
});

document.addEventListener("htmx:afterSettle", () => {
  const newest = document.querySelector("#toasts [data-again]:has([data-undo])");
  if (newest) sessionStorage.setItem(KEY, newest.dataset.again);
  const kept = sessionStorage.getItem(KEY);
  const toast = kept && document.querySelector(`#toasts [data-again="${CSS.escape(kept)}"]`);
  if (toast && !toast.querySelector("[data-undo]")) sessionStorage.removeItem(KEY); // it is undone
});

document.addEventListener("DOMContentLoaded", () => {
  const kept = sessionStorage.getItem(KEY);
  if (!kept || !document.querySelector("[data-selection-bar]")) return;
  window.htmx.ajax("GET", kept, { target: "#toasts", swap: "afterbegin" });
});

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

// At most so many lie there: older ones go, but for the one that Z undoes.
const MOST = 3;
const toasts = document.getElementById("toasts");

function clearOld() {
  const all = [...toasts.querySelectorAll(".toast")]; // the newest first
  const stays = all.find((toast) => toast.querySelector("[data-undo]"));
  const others = all.filter((toast) => toast !== stays);
  others.slice(MOST - (stays ? 1 : 0)).forEach((toast) => toast.remove());
}

if (toasts) new MutationObserver(clearOld).observe(toasts, { childList: true });
