// Fetches the videos of cards before they are wanted: the first one first, and few at a time. A browser has six
// connections to a site, and what is decided must find one free.

const AT_ONCE = 2;
const PATIENCE_MS = 5000; // then the next one is tried as well
const ENDS = ["canplaythrough", "suspend", "error"];

export class Loading {
  constructor() {
    this.wanted = [];
    this.running = new Map(); // video → what stops listening to it
  }

  /** Fetch these videos, in this order; what else is still being fetched continues, but is not waited for. */
  want(videos) {
    this.wanted = videos;
    for (const [video, listening] of this.running) if (!videos.includes(video)) this.#end(video, listening);
    this.#next();
  }

  #next() {
    for (const video of this.wanted) {
      if (this.running.size >= AT_ONCE) return;
      if (!this.running.has(video) && !hasEnough(video)) this.#begin(video);
    }
  }

  #begin(video) {
    const listening = new AbortController();
    const { signal } = listening;
    this.running.set(video, listening);
    const ended = () => {
      if (signal.aborted) return;
      this.#end(video, listening);
      this.wanted = this.wanted.filter((other) => other !== video); // once is enough, also when it failed
      this.#next();
    };
    fill(video);
    for (const end of ENDS) video.addEventListener(end, ended, { signal });
    setTimeout(ended, PATIENCE_MS);
  }

  #end(video, listening) {
    listening.abort();
    this.running.delete(video);
  }
}

const hasEnough = (video) => video.hasAttribute("src") && (video.error || video.readyState === HTMLMediaElement.HAVE_ENOUGH_DATA);

/** Let a video be fetched now. */
export function fill(video) {
  video.preload = "auto";
  if (!video.hasAttribute("src")) video.src = video.dataset.src;
  else if (video.networkState === HTMLMediaElement.NETWORK_EMPTY) video.load(); // from an answer, not on the page yet
}

/** Let a video give back what it has loaded; its picture stays. */
export function empty(video) {
  if (!video.hasAttribute("src")) return;
  video.dataset.src = video.getAttribute("src");
  video.preload = "none";
  video.removeAttribute("src");
  video.load();
}
