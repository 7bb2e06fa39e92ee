// What may wait, so that what somebody sees next comes first.

const AT_LAST_MS = 400; // then it is done, however busy the page is
const UNSEEN_MS = 300; // a page that nobody sees is not painted at all

/** Do something when what was changed just now is on the screen; where nothing is painted, soon. */
export function afterPaint(work) {
  let isDone = false;
  const once = () => {
    if (isDone) return;
    isDone = true;
    work();
  };
  requestAnimationFrame(() => setTimeout(once));
  setTimeout(once, UNSEEN_MS);
}

/** Do something when there is nothing better to do, but soon. */
export function whenIdle(work) {
  if (window.requestIdleCallback) window.requestIdleCallback(work, { timeout: AT_LAST_MS });
  else setTimeout(work, AT_LAST_MS / 4); // Safari
}
