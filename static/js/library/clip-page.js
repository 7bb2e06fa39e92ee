// The clip's page: its player keeps to the clip and has the keys of the sort page, others lead on, its file name can be
// copied.

import { ClipPlayer } from "./clip-player.js";
import { Keys, shortcutsAreOn } from "../sorting/keys.js";

const root = document.querySelector("[data-clip-page]");

function keepToClip(video) {
  // A preview shows more than the clip; the address fragment begins and ends it once, this makes it go round.
  const { startS, endS, slowDown } = video.dataset;
  if (endS === undefined || video.hasAttribute("data-kept")) return;
  video.setAttribute("data-kept", "");
  video.defaultPlaybackRate = video.playbackRate = Number(slowDown ?? 1); // one in slow motion runs as fast as it was
  video.addEventListener("play", () => delete video.dataset.rests);
  video.addEventListener("timeupdate", () => {
    if (video.currentTime < Number(endS) - 0.02) return;
    // At its end the address fragment pauses it too; who pressed a key for that means it.
    const wasPlaying = !("rests" in video.dataset) && (!video.paused || video.currentTime >= Number(endS));
    video.currentTime = Number(startS);
    if (wasPlaying) video.play().catch(() => undefined);
  });
}

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
  "Shift+J": "[data-previous]",
  "Shift+K": "[data-next]",
  E: "[data-edit]",
  H: "[data-heart]",
  Escape: "[data-to-library]",
};

function lead(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, select, textarea") || document.querySelector("dialog[open]")) return;
  const isLetter = event.key.length === 1;
  if (isLetter && !shortcutsAreOn()) return;
  const key = isLetter ? event.key.toUpperCase() : event.key;
  const link = root.querySelector(LEADS[event.shiftKey ? `Shift+${key}` : key] ?? "[data-nowhere]");
  if (!link) return;
  event.preventDefault(); // and the other keys let it be
  link.click();
}

function prepare() {
  root.querySelectorAll("[data-player]").forEach(keepToClip);
  offerCopy(root);
}

if (root) {
  prepare();
  document.body.addEventListener("htmx:afterSettle", prepare);
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
  document.addEventListener("keydown", lead);
  const player = new ClipPlayer(root);
  const keys = new Keys(root, (name) => (name === "help" ? keys.showHelp() : player.act(name)));
}
