// Which frame a video shows, and the one beside it. Browsers tell the time of each frame that they show; a step goes from
// there by the length of one frame, into its middle, where no rounding leads to another one.

const states = new WeakMap(); // video → the time of its frame, and of the one that a step goes to until it is shown

/** The time of the frame that a watched video shows, and when it came on the screen; null before any was told of. */
export const shownAt = (video) => states.get(video)?.shown ?? null;

/** Take note of each frame that a video shows from now on. */
export function watchFrames(video) {
  if (states.has(video)) return states.get(video);
  const state = { shown: null, toS: null, frameS: 1 / 30 };
  states.set(video, state);
  const shown = (_now, { mediaTime, expectedDisplayTime }) => {
    state.shown = { mediaTime, expectedDisplayTime };
    if (Math.abs(mediaTime - state.toS) < state.frameS / 2) state.toS = null;
    video.requestVideoFrameCallback(shown);
  };
  video.requestVideoFrameCallback?.(shown);
  return state;
}

/** Show the frame ``count`` frames later (or earlier); quick presses count from where the last one goes to. */
export function stepFrames(video, count, frameS) {
  if (!video.duration) return;
  const state = watchFrames(video);
  const isOnItsWay = state.toS !== null && Math.abs(video.currentTime - state.toS - frameS / 2) < 0.001;
  const shownS = state.shown?.mediaTime;
  const isShown = shownS !== undefined && Math.abs(video.currentTime - shownS) < 2 * frameS;
  const aboutS = Math.floor(video.currentTime / frameS + 0.01) * frameS; // before any frame was told of
  const fromS = isOnItsWay ? state.toS : isShown ? shownS : aboutS;
  state.frameS = frameS;
  state.toS = Math.min(Math.max(0, video.duration - frameS), Math.max(0, fromS + count * frameS));
  video.currentTime = state.toS + frameS / 2;
}
