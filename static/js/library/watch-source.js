// Gives a player's video element its source: the camera's file, or pieces of it through hls.js, which is loaded only then.

export class WatchSource {
  /** @param {(state: "" | "preparing" | "busy" | "failed" | "broken", why?: string) => void} say */
  constructor(root, video, say) {
    Object.assign(this, { root, video, say, hls: null });
  }

  /** Begin to load at a time, so that nothing is fetched for the beginning when somebody comes for a moment later on. */
  async attach(startS) {
    const { src, way } = this.root.dataset;
    if (!src) return;
    this.video.addEventListener("error", () => this.#failed());
    this.video.src = startS ? `${src}#t=${startS.toFixed(3)}` : src;
    this.way = way;
  }

  detach() {
    this.hls?.destroy();
    this.hls = null;
    this.video.removeAttribute("src");
    this.video.load(); // ends the download
  }

  #failed() {
    if (this.video.getAttribute("src")) this.say("broken");
  }
}
