// The page that a phone shows without a connection: says how many decisions wait on this device, and continues to the page
// that was asked for as soon as the server answers. The sort page then sends them (js/sorting/queue.js).

import { Store } from "../sorting/store.js";

const PROBE_EVERY_MS = 4000;

async function sayWhatWaits(place) {
  const waiting = (await (await Store.open()).all()).length;
  const { one, many } = place.dataset;
  place.textContent = waiting ? (waiting === 1 ? one : many.replace("#", waiting)) : "";
  place.hidden = waiting === 0;
  document.querySelector("[data-sort-link]").hidden = waiting === 0 || window.location.pathname === "/sort";
}

async function probe() {
  try {
    const { status } = await fetch(window.location.href, { method: "HEAD", cache: "no-store", redirect: "manual" });
    if (status < 502) return window.location.reload(); // 0 is a redirect, which is an answer
  } catch {
    // still away
  }
  return undefined;
}

const place = document.querySelector("[data-waiting]");
sayWhatWaits(place).catch(() => undefined);
window.addEventListener("online", probe);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && probe());
document.querySelector("[data-again]").addEventListener("click", probe);
setInterval(probe, PROBE_EVERY_MS);
