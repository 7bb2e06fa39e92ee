// Where in the clip of the box the player is: the box names the clip and the place of its start in the video.

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
