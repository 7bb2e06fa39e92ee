// Where in the clip of the box the player is: the box names the clip and the place of its start in the video.

import { shownAt } from "../previews/frames.js";

const ROUNDED_MS = 0.01; // browsers tell microseconds

const boxOf = (page) => page.querySelector("#reel-clip");

/** Milliseconds from the clip's start; null while the player shows another clip than the box. */
export function placeMs(page, player) {
  const { of, baseS } = boxOf(page).dataset;
  if (!of || of !== player.current || !player.card) return null;
  return Math.round(((player.video.currentTime - Number(baseS)) * 1000) / player.slowDown);
}

/** Show the picture at so many milliseconds from the clip's start. */
export function peekAt(page, player, ms) {
  const { of, baseS } = boxOf(page).dataset;
  if (of && of === player.current) player.peek(Math.max(0, Number(baseS) + (ms / 1000) * player.slowDown));
}

/** The millisecond from the clip's start that names the picture on screen: rounded up from when it begins. Null as above. */
export function pictureMs(page, player) {
  if (placeMs(page, player) === null) return null;
  const { video, frameS } = player;
  const shownS = shownAt(video)?.mediaTime;
  const sinceS = video.currentTime - shownS;
  const isTold = shownS !== undefined && (video.paused ? sinceS > -0.001 && sinceS < frameS : Math.abs(sinceS) < 5 * frameS);
  const beginsS = isTold ? shownS : Math.floor(video.currentTime / frameS + 0.01) * frameS;
  return Math.max(0, Math.ceil(((beginsS - Number(boxOf(page).dataset.baseS)) * 1000) / player.slowDown - ROUNDED_MS));
}
