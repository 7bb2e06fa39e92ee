// Keeps the screen on while files are sent, because a phone that sleeps sends nothing. Browsers let go of it whenever
// the page is out of sight, so it is asked for again when the page comes back; over plain HTTP none offers it.

export class Awake {
  constructor() {
    this.isWanted = false;
    this.lock = null;
    document.addEventListener("visibilitychange", () => this.hold());
  }

  keep(isWanted) {
    if (isWanted === this.isWanted) return;
    this.isWanted = isWanted;
    if (isWanted) this.hold();
    else this.release();
  }

  async hold() {
    if (!this.isWanted || this.lock || document.visibilityState !== "visible") return;
    try {
      this.lock = await navigator.wakeLock?.request("screen") ?? null;
      this.lock?.addEventListener("release", () => { this.lock = null; });
      if (!this.isWanted) this.release();
    } catch {
      this.lock = null; // a nearly empty battery refuses it, which is a person's choice
    }
  }

  release() {
    this.lock?.release();
    this.lock = null;
  }
}
