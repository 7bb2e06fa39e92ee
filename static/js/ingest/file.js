// One picked file: looked at, sent, paused, resumed. Its state is one word, which its row bears too:
// checking → (comparing → here) or ready → waiting → sending → done; or paused, lost (resumes by itself), failed; or
// refused, which ends it: there is nothing in it, or it cannot be read.

import { conversionOf } from "./converted.js";
import { Pace, inBytes, inWords } from "./transfer-rate.js";

const RETRY_DELAYS_MS = [0, 1000, 3000, 5000, 10_000];
const LOST_AGAIN_MS = 15_000;
const STALLED_MS = 45_000; // a sleep or another network leaves requests behind that never end
const STUCK_MS = 4000;

const IDLE = new Set(["checking", "comparing", "here", "ready", "done", "refused", "removed"]);
const NOT_SENT = new Set(["here", "comparing", "refused", "removed"]);

export class QueuedFile {
  constructor(file, uploader) {
    Object.assign(this, { file, uploader, state: "checking", says: "", sentBytes: 0, batch: null, here: null, anyway: false });
    this.listed = null; // its place in a receipt: { receipt, path }
    this.pace = new Pace();
    this.movedAt = 0;
    this.row = uploader.newRow(file.name);
    this.tus = new window.tus.Upload(file, {
      endpoint: uploader.root.dataset.endpoint,
      chunkSize: Number(uploader.root.dataset.chunkBytes),
      retryDelays: RETRY_DELAYS_MS,
      removeFingerprintOnSuccess: true,
      headers: { "X-CSRFToken": uploader.root.dataset.csrf },
      onProgress: (sentBytes) => this.moved(sentBytes),
      onShouldRetry: (error) => isPassing(error) && this.show({ says: uploader.words.retrying }) === undefined,
      onError: (error) => this.stop(error),
      onSuccess: () => this.done(),
    });
    this.show({ says: uploader.words.checking });
    this.sayIfConverted();
  }

  /** Say beside the file that a phone changed it; it is sent all the same. */
  async sayIfConverted() {
    const how = await conversionOf(this.file);
    if (!how || this.state === "removed") return;
    const line = this.row.querySelector("[data-converted]");
    line.textContent = this.uploader.words[how];
    line.hidden = false;
    this.uploader.sayWhatToDo();
  }

  /** What the server should know this file by, with its folder where a folder was dropped. */
  get path() {
    return this.file.webkitRelativePath || this.file.name;
  }

  get isRefused() {
    return this.state === "refused" || this.state === "removed";
  }

  get isToBeSent() {
    return !NOT_SENT.has(this.state);
  }

  /** Find out whether it was begun before or is on the server already; it may be sent after that. */
  async look(known) {
    const fault = await faultOf(this.file);
    if (this.state !== "checking") return undefined;
    if (fault) return this.refuse(fault);
    const [previous] = await this.tus.findPreviousUploads();
    if (previous) {
      this.tus.resumeFromPreviousUpload(previous);
      this.batch = previous.metadata; // its session was told when it was begun
      return this.ready();
    }
    const alike = await known.alike(this.file);
    if (this.state !== "checking") return undefined;
    if (!alike.length) return this.ready();
    this.here = alike[0];
    this.show({ state: "comparing", says: this.uploader.words.comparing });
    const same = await known.same(this.file, alike, (share) =>
      this.state === "comparing" && this.show({ says: `${this.uploader.words.comparing} ${percent(share)}` }));
    if (this.state !== "comparing") return undefined; // somebody chose to send it anyway, or took it away
    if (!same) return this.ready();
    this.here = same;
    if (this.listed) this.uploader.receipts.here(this.listed, same.sha256);
    return this.show({ state: "here", says: same.says });
  }

  /** Send it though it is here already, or was deleted. */
  insist() {
    this.anyway = true;
    this.ready();
  }

  /** Leave it out for good, and say why: "empty" or "unreadable". */
  refuse(fault) {
    this.show({ state: "refused", says: this.uploader.words[fault] });
    this.uploader.startNext();
  }

  ready() {
    this.show({ state: this.batch ? "waiting" : "ready", says: this.batch ? this.uploader.words.waiting : "" });
    this.uploader.startNext();
  }

  /** Take the session that was told for this file, and wait for its turn. */
  join(batch) {
    this.batch = { ...batch, ...this.listed };
    if (this.state === "ready") this.ready();
  }

  start() {
    this.show({ state: "sending", says: "" });
    this.tus.options.metadata = { ...this.batch, filename: this.file.name, ...(this.anyway && { anyway: "1" }) };
    this.lastBytes = null;
    this.movedAt = Date.now();
    this.pace.reset();
    this.tus.start();
  }

  moved(sentBytes) {
    this.movedAt = Date.now();
    // The first number after a start is what had arrived before, which was not fast but early.
    if (this.lastBytes !== null) this.uploader.sent(Math.max(0, sentBytes - this.lastBytes));
    this.lastBytes = sentBytes;
    this.pace.note(sentBytes);
    this.show({ sentBytes, says: "" });
  }

  async pause() {
    if (IDLE.has(this.state)) return;
    this.show({ state: "paused", says: this.uploader.words.paused });
    await this.tus.abort();
    this.uploader.startNext();
  }

  resume() {
    this.show({ state: this.batch ? "waiting" : "ready", says: this.uploader.words.waiting });
    this.uploader.startNext();
  }

  /** Begin the request anew that may hang, when the network changed or the machine slept. */
  async nudge({ slept = false } = {}) {
    if (this.state === "lost") return this.resume();
    if (this.state !== "sending") return undefined;
    const silentMs = Date.now() - this.movedAt;
    if (silentMs < (slept ? STUCK_MS : STALLED_MS)) return undefined;
    this.movedAt = Date.now();
    await this.tus.abort();
    return this.state === "sending" ? this.start() : undefined;
  }

  async remove() {
    const isHalf = !IDLE.has(this.state);
    this.show({ state: "removed" });
    // Ends the upload on the server too, so that half a file does not lie there.
    if (isHalf) await this.tus.abort(this.tus.url !== null).catch(() => undefined);
    this.row.remove();
    this.uploader.shared.forget(this.file);
    this.uploader.forget(this);
  }

  done() {
    this.uploader.shared.forget(this.file);
    this.show({ state: "done", sentBytes: this.file.size, says: this.uploader.words.done });
    this.uploader.refreshRecent();
    this.uploader.startNext();
  }

  async stop(error) {
    const { words } = this.uploader;
    // A file that was moved or changed since breaks off as a lost line does, but no waiting helps it.
    const fault = error.originalResponse ? null : await faultOf(this.file);
    if (this.state !== "sending") return;
    if (fault) return void this.refuse(fault);
    const response = error.originalResponse;
    const status = response ? response.getStatus() : 0;
    const againS = status === 507 ? Number(response.getHeader("Retry-After")) : 0;
    if (againS) {
      // The disk is full for now: the server says so itself, and when to ask again.
      this.show({ state: "lost", says: response.getBody() });
      setTimeout(() => this.state === "lost" && this.resume(), againS * 1000);
    } else if (isPassing(error)) {
      this.show({ state: "lost", says: words.offline });
      setTimeout(() => this.state === "lost" && this.resume(), LOST_AGAIN_MS);
    } else {
      const says = status === 401 || status === 403 ? words.loggedOut : (response && response.getBody()) || words.offline;
      this.show({ state: "failed", says });
    }
    this.uploader.startNext();
  }

  /** Draw the row; `change` is what is different from now on. */
  show(change = {}) {
    Object.assign(this, change);
    const { row, state } = this;
    const share = this.file.size ? Math.min(1, this.sentBytes / this.file.size) : 0;
    row.dataset.state = state;
    row.querySelector("[data-progress]").value = share;
    row.querySelector("[data-progress]").hidden = NOT_SENT.has(state) || state === "ready";
    row.querySelector("[data-says]").textContent = this.says || this.howFar(share);
    const shown = {
      pause: state === "sending" || state === "waiting",
      resume: state === "paused" || state === "failed" || state === "lost",
      remove: state !== "done",
      anyway: state === "comparing" || state === "here",
      link: state === "comparing" || state === "here",
    };
    for (const [name, is] of Object.entries(shown)) row.querySelector(`[data-${name}]`).hidden = !is;
    if (this.here) row.querySelector("[data-link]").href = this.here.url;
    this.uploader.changed();
  }

  howFar(share) {
    if (this.state === "ready") return inBytes(this.file.size);
    const { words } = this.uploader;
    const speed = this.pace.speed();
    const rest = this.pace.secondsFor(this.file.size - this.sentBytes);
    const parts = [percent(share)];
    if (this.state === "sending" && rest !== null) parts.push(`${inBytes(speed)}/s`, `${inWords(rest)} ${words.left}`);
    return parts.join(" · ");
  }
}

/** Return what keeps a file from being sent, "empty" or "unreadable" (a folder is, too); null for a good one. */
async function faultOf(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    return "unreadable";
  }
  return file.size ? null : "empty";
}

function percent(share) {
  return `${Math.floor(100 * share)} %`;
}

/** Whether an error is one of the line or of the moment, so that trying again helps. */
function isPassing(error) {
  const status = error.originalResponse ? error.originalResponse.getStatus() : 0;
  return status === 0 || status === 408 || status === 409 || status === 423 || (status >= 500 && status !== 507);
}
