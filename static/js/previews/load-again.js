// Loads a video again that a bad line or a busy server lost on its way; what no browser reads stays as it is.

const PAUSES_MS = [500, 1500, 4000];

/** Watch the videos in `root`; one that is given up is marked as lost, and gets an event of that name. */
export function loadAgain(root) {
  const failures = new WeakMap(); // video → how often it failed one after the other
  root.addEventListener("loadeddata", ({ target }) => failures.delete(target), true);
  root.addEventListener("error", ({ target: video }) => {
    const { currentSrc, currentTime, error } = video;
    if (!error || !currentSrc) return;
    const n = failures.get(video) ?? 0;
    if (error.code === MediaError.MEDIA_ERR_DECODE || n >= PAUSES_MS.length) {
      failures.delete(video);
      video.dataset.lost = "";
      video.dispatchEvent(new Event("lost"));
      return;
    }
    failures.set(video, n + 1);
    setTimeout(() => {
      if (!video.error || video.currentSrc !== currentSrc) return; // it shows something else now
      const plays = !video.paused;
      video.load();
      if (currentTime) video.currentTime = currentTime;
      if (plays) video.play().catch(() => undefined);
    }, PAUSES_MS[n]);
  }, true);
}
