// The clip's page: its player, its editor in the same place, the keys of both, those that lead on, and its file's name to
// copy.

import { ClipAngles } from "./clip-angles.js";
import { ClipEditor } from "./clip-edit.js";
import { ClipPlayer } from "./clip-player.js";
import { pressStar } from "./stars.js";
import { Keys, shortcutsAreOn } from "../sorting/keys.js";

const root = document.querySelector("[data-clip-page]");

function offerCopy(scope) {
  if (!navigator.clipboard) return; // over plain HTTP from another machine there is none: the name can still be marked
  scope.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
}

async function copy(button) {
  await navigator.clipboard.writeText(button.parentElement.querySelector("[data-copy-text]").textContent);
  const label = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = label; }, 1500);
}

/** What only this page has: the clip before and after, its editing, its heart, the way back. */
const LEADS = {
  "Shift+J": ["[data-previous]"],
  "Shift+K": ["[data-next]"],
  E: ["[data-edit]"],
  H: ["[data-heart]"],
  Escape: ["[data-cancel]", "[data-to-library]"],
};

function lead(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (event.target.closest("input:not([type=radio]), select, textarea") || document.querySelector("dialog[open]")) return;
  const isLetter = event.key.length === 1;
  if (isLetter && !shortcutsAreOn()) return;
  const key = isLetter ? event.key.toUpperCase() : event.key;
  // In the editor digits write names.
  if (/^[1-5]$/.test(key) && !root.querySelector("[data-clip-form]") && pressStar(key, root)) return void event.preventDefault();
  const links = LEADS[event.shiftKey ? `Shift+${key}` : key] ?? [];
  const link = links.map((selector) => root.querySelector(selector)).find(Boolean);
  if (!link) return;
  event.preventDefault(); // and the other keys let it be
  link.click();
}

if (root) {
  const player = new ClipPlayer(root);
  const angles = new ClipAngles(root, player);
  const editor = new ClipEditor(root);
  /** Which box is written in first once the editor is there. */
  let first = window.location.hash === "#names" ? "people" : null;

  const prepare = () => {
    player.takeUp();
    angles.takeUp();
    editor.takeUp();
    offerCopy(root);
    if (!editor.form || !first) return;
    editor.write(first);
    first = null;
  };

  /** The names of a clip are written in its editor, with the keys that they have in Sort. */
  const write = (box) => {
    if (editor.form) return editor.write(box);
    first = box;
    root.querySelector("[data-edit]")?.click();
  };

  const act = (name) => {
    if (name === "help") keys.showHelp();
    else if (name === "people" || name === "trick") write(name);
    else if (editor.form) editor.act(name);
    else if (!angles.act(name)) player.act(name);
  };

  document.addEventListener("keydown", lead);
  const keys = new Keys(root, act);
  prepare();
  document.body.addEventListener("htmx:load", () => { prepare(); keys.mark(); });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    if (event.target.closest("[data-fixes-names]")) first = "people";
  });
}
