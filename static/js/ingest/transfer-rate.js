// How fast bytes go, over the last seconds, and how long the rest takes.

import { decimal } from "../numbers.js";

const LOOK_BACK_MS = 12_000;
const FEW_MS = 1500; // below this a speed says nothing

export class Pace {
  constructor() {
    this.samples = []; // [at, bytes], oldest first
  }

  note(bytes, now = performance.now()) {
    const last = this.samples.at(-1);
    if (last && bytes < last[1]) this.samples = []; // it went back to what the server had acknowledged
    this.samples.push([now, bytes]);
    while (this.samples.length > 2 && now - this.samples[1][0] > LOOK_BACK_MS) this.samples.shift();
  }

  reset() {
    this.samples = [];
  }

  /** @returns {number} bytes a second; 0 while it is not known */
  speed(now = performance.now()) {
    if (!this.samples.length) return 0;
    const [[fromMs, fromBytes]] = this.samples;
    const [, toBytes] = this.samples.at(-1);
    return now - fromMs < FEW_MS ? 0 : (1000 * (toBytes - fromBytes)) / (now - fromMs);
  }

  /** @returns {number|null} seconds until `restBytes` are sent; null while it is not known */
  secondsFor(restBytes, now = performance.now()) {
    const speed = this.speed(now);
    return speed > 0 ? restBytes / speed : null;
  }
}

const KB = 1024, MB = KB * 1024, GB = MB * 1024;

/** Return a size like "4.1 GB", counted as the server counts in the list below. */
export function inBytes(bytes) {
  if (bytes >= GB) return `${decimal(bytes / GB)} GB`;
  if (bytes >= MB) return `${decimal(bytes / MB)} MB`;
  return bytes >= KB ? `${decimal(bytes / KB)} KB` : `${bytes} bytes`;
}

/** Return a rough time like "2 h 5 min", "4 min" or "20 s": people want to know whether to wait, not when exactly. */
export function inWords(seconds) {
  if (seconds < 55) return `${Math.max(5, 5 * Math.round(seconds / 5))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
