// The ticks of the screen: most have 60 a second, some 120, and a busy machine fewer.

const USUAL_S = 1 / 60;
const LONGEST_S = 3 * USUAL_S; // one in which nothing was drawn at all says nothing about the others
const WEIGHT = 1 / 8;

/** Call back with each tick, before it is drawn, with how long ticks are here, in seconds. */
export function eachTick(back) {
  let tickS = USUAL_S;
  let beforeMs = performance.now();
  const tick = (nowMs) => {
    tickS += (Math.min(LONGEST_S, Math.max(0, nowMs - beforeMs) / 1000) - tickS) * WEIGHT;
    beforeMs = nowMs;
    back(tickS);
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}
