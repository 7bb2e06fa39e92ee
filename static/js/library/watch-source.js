// Gives a player's video element its source: the camera's file, or pieces of it through hls.js, which is loaded only then.
// What a browser fails to play as it is falls back to pieces.

const ASK_AGAIN_MS = 150;
const SAY_AFTER_MS = 400; // what comes sooner needs no sentence

/** Loads one piece for hls.js, and asks again while a worker still makes it. */
function loaderFor(say) {
  return class PieceLoader {
    constructor() {
      this.stats = { aborted: false, loaded: 0, retry: 0, total: 0, chunkCount: 0, bwEstimate: 0,
        loading: { start: 0, first: 0, end: 0 }, parsing: { start: 0, end: 0 }, buffering: { start: 0, first: 0, end: 0 } };
      this.leaves = new AbortController();
    }

    destroy() {
      this.leaves.abort();
    }

    abort() {
      this.stats.aborted = true;
      this.leaves.abort();
      this.callbacks?.onAbort?.(this.stats, this.context, null);
    }

    async load(context, _config, callbacks) {
      Object.assign(this, { context, callbacks });
      const { signal } = this.leaves;
      const { loading } = this.stats;
      loading.start = performance.now();
      try {
        const answer = await this.#made(context.url, signal);
        loading.first = performance.now();
        const data = context.responseType === "arraybuffer" ? await answer.arrayBuffer() : await answer.text();
        loading.end = performance.now();
        this.stats.loaded = this.stats.total = data.byteLength ?? data.length;
        say("");
        callbacks.onSuccess({ url: answer.url, data, code: answer.status }, this.stats, context, answer);
      } catch (error) {
        if (!signal.aborted) callbacks.onError({ code: error.status ?? 0, text: String(error) }, context, null, this.stats);
      }
    }

    async #made(url, signal) {
      for (;;) {
        const answer = await fetch(url, { signal });
        if (answer.status === 200) return answer;
        if (answer.status !== 202) throw Object.assign(new Error(`${url}: ${answer.status}`), { status: answer.status });
        const { state, reason } = await answer.json();
        if (state === "failed") {
          say("failed", reason);
          throw new Error(reason);
        }
        if (performance.now() - this.stats.loading.start > SAY_AFTER_MS) say(state === "busy" ? "busy" : "preparing");
        await new Promise((go) => { setTimeout(go, ASK_AGAIN_MS); });
      }
    }
  };
}

export class WatchSource {
  /** @param {(state: "" | "preparing" | "busy" | "failed" | "broken", why?: string) => void} say */
  constructor(root, video, say) {
    Object.assign(this, { root, video, say, hls: null, isLeft: false, isNeeded: false });
  }

  /** Begin to load at a time, so that nothing is fetched for the beginning when somebody comes for a moment later on. */
  attach(startS) {
    const { src } = this.root.dataset;
    if (!src) return; // pieces are made when somebody watches, not for who only opens the page
    this.video.addEventListener("error", () => this.#instead());
    this.video.src = startS ? `${src}#t=${startS.toFixed(3)}` : src;
  }

  /** Somebody wants to see a place: let pieces be made from there, unless they are already. */
  need(atS) {
    const { src, pieces } = this.root.dataset;
    if (src || !pieces || this.isNeeded) return;
    this.isNeeded = true;
    this.say("preparing");
    this.#inPieces(atS);
  }

  detach() {
    this.isLeft = true;
    this.hls?.destroy();
    this.hls = null;
    this.video.removeAttribute("src");
    this.video.load(); // ends the download
  }

  /** Ask once more for what could not be made. */
  async again() {
    const { again } = this.root.dataset;
    const headers = JSON.parse(document.body.getAttribute("hx-headers"));
    await fetch(again, { method: "POST", headers }).catch(() => undefined);
    this.say("preparing");
    this.hls?.startLoad(this.video.currentTime);
  }

  #instead() {
    if (this.isLeft || this.hls || !this.video.getAttribute("src")) return;
    if (!this.root.dataset.pieces) {
      this.say("broken");
      return;
    }
    const atS = this.video.currentTime;
    this.video.removeAttribute("src");
    this.isNeeded = true;
    this.#inPieces(atS);
  }

  async #inPieces(startS) {
    const { pieces, hls } = this.root.dataset;
    const { default: Hls } = await import(hls);
    if (this.isLeft) return;
    if (!Hls.isSupported()) {
      // An old iPhone plays the list by itself, and cannot ask again: the server keeps it waiting.
      this.video.addEventListener("error", () => this.say("broken"), { once: true });
      this.video.src = `${pieces}?hold`;
      if (startS) this.video.addEventListener("loadedmetadata", () => { this.video.currentTime = startS; }, { once: true });
      return;
    }
    const patient = { default: { maxTimeToFirstByteMs: Infinity, maxLoadTimeMs: Infinity, timeoutRetry: null, errorRetry: { maxNumRetry: 2, retryDelayMs: 500, maxRetryDelayMs: 2000 } } };
    this.hls = new Hls({
      enableWorker: false, fLoader: loaderFor((...said) => this.say(...said)), fragLoadPolicy: patient, startPosition: startS,
      maxBufferLength: 16, maxMaxBufferLength: 30, backBufferLength: 60, maxBufferHole: 0.3, nudgeOnVideoHole: true,
    });
    this.hls.on(Hls.Events.ERROR, (_event, { fatal, type }) => {
      if (!fatal) return;
      if (type === Hls.ErrorTypes.MEDIA_ERROR) this.hls.recoverMediaError();
      else if (this.root.querySelector("[data-watch-says]").dataset.state !== "failed") this.say("broken");
    });
    this.hls.loadSource(pieces);
    this.hls.attachMedia(this.video);
  }
}
