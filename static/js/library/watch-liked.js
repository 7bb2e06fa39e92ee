// Heart and stars of the kept moment that a session's player plays, as they are on the page of its clip.

import { shortcutsAreOn } from "../sorting/keys.js";
import { pressStar } from "./stars.js";

const PARTS = ".clip-actions > .heart, .clip-actions > .stars";

/** Show those of a moment; none of one that nobody kept. `again` asks for those that are shown already. */
export function showLiked(root, mark, { again = false } = {}) {
  const place = root.querySelector("[data-watch-liked]");
  const address = mark?.dataset.state === "kept" ? mark.href : "";
  if (place.dataset.of === address && !again) return;
  if (place.dataset.of !== address) place.replaceChildren();
  place.dataset.of = address;
  if (address) window.htmx.ajax("GET", address, { source: place, target: place, swap: "innerHTML", select: PARTS });
}

/** Digits rate what is shown, as on the page of a clip; those meant for a clip that is pointed at are its own. */
export function ratesByKeys(section) {
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (target.closest("input:not([type=radio]), select, textarea") || document.querySelector("dialog[open]")) return;
    if (/^[1-5]$/.test(key) && shortcutsAreOn() && pressStar(key, section)) event.preventDefault();
  });
}
