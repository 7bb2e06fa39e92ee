// Takes dropped files in, asks once to which session they belong, and sends them in resumable chunks (tus), three at a
// time. The server's list below says what became of them; nothing of that is kept here.

import { Awake } from "./wake-lock.js";
import { Batch } from "./batch.js";
import { QueuedFile } from "./file.js";
import { groupFiles } from "./groups.js";
import { Hashing } from "./hashing.js";
import { Known } from "./duplicates.js";
import { LeftAlone } from "./sidecars.js";
import { Pace, inBytes, inWords } from "./transfer-rate.js";
import { Receipts } from "./receipts.js";
import { Shared } from "./shared.js";
import { Unfinished } from "./unfinished.js";

const PARALLEL = 3;
const TICK_MS = 1000;
const SLEPT_MS = 10_000; // timers stand still while a machine sleeps

class Uploader {
  constructor(root) {
    this.root = root;
    this.words = root.querySelector("[data-words]").dataset;
    this.list = root.querySelector("[data-file-list]");
    this.files = [];
    this.headings = new Map(); // first file of a recording → its heading in the list
    this.pace = new Pace();
    this.sentBytes = 0; // in this visit, of all files
    this.isDrawn = true;
    this.known = new Known({ url: root.dataset.knownUrl, csrf: root.dataset.csrf, hashing: new Hashing() });
    this.receipts = new Receipts({ url: root.dataset.receiptUrl, csrf: root.dataset.csrf });
    this.nListing = 0; // receipts that the server has not heard of yet
    this.awake = new Awake();
    this.batch = new Batch(root.querySelector("[data-batch]"), this.words, (batch) => this.send(batch));
    this.unfinished = new Unfinished(this);
    this.leftAlone = new LeftAlone(root.querySelector("[data-left-alone]"), this.words);
    root.querySelector("[data-phone-hint]").open = window.matchMedia("(pointer: coarse)").matches;
    this.shared = new Shared();
    this.listen();
    this.unfinished.show();
    this.takeShared();
  }

  listen() {
    const zone = this.root.querySelector("[data-drop-zone]");
    const input = this.root.querySelector("[data-file-input]");
    input.addEventListener("change", () => {
      this.add(input.files);
      input.value = ""; // so that the same file can be picked again
    });
    for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
      zone.addEventListener(type, (event) => {
        event.preventDefault();
        zone.toggleAttribute("data-over", type === "dragenter" || type === "dragover");
      });
    }
    zone.addEventListener("drop", (event) => this.add(event.dataTransfer.files));
    this.root.querySelector("[data-pause-all]").addEventListener("click", () => this.pauseOrResumeAll());
    this.list.addEventListener("click", (event) => this.press(event.target.closest("button")));
    window.addEventListener("online", () => this.nudge());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.nudge());
    window.addEventListener("beforeunload", (event) => this.isSending && event.preventDefault());
    this.tickedAt = Date.now();
    setInterval(() => this.tick(), TICK_MS);
  }

  get isSending() {
    return this.files.some(({ state }) => state === "sending" || state === "waiting" || state === "lost");
  }

  /** Continue with what was shared to this page, now or before it was closed; the address asks only once. */
  async takeShared() {
    const address = new URL(window.location.href);
    const says = address.searchParams.get("shared");
    address.searchParams.delete("shared");
    if (says) window.history.replaceState(null, "", address);
    this.root.querySelector("[data-shared-failed]").hidden = says !== "failed";
    const files = await this.shared.files();
    if (files.length) this.add(files);
  }

  press(button) {
    const file = button && this.files.find(({ row }) => row.contains(button));
    if (!file) return;
    if ("pause" in button.dataset) file.pause();
    if ("resume" in button.dataset) file.resume();
    if ("remove" in button.dataset) file.remove();
    if ("anyway" in button.dataset) file.insist();
  }

  add(files) {
    for (const file of this.leftAlone.without(files)) {
      const known = this.files.find(({ file: { name, size, lastModified } }) =>
        name === file.name && size === file.size && lastModified === file.lastModified);
      if (known) {
        if (["failed", "paused", "lost"].includes(known.state)) known.resume();
        continue;
      }
      const queued = new QueuedFile(file, this);
      this.files.push(queued);
      this.unfinished.found(file);
      queued.look(this.known).catch(() => queued.refuse("unreadable")); // one bad file takes no other with it
    }
    this.arrange();
  }

  /** Put the list into the order of recordings, each with its chapters and copies below one heading. */
  arrange() {
    const groups = groupFiles(this.files, ({ path }) => path);
    this.files = groups.flatMap(({ files }) => files);
    this.headings.forEach((heading) => heading.remove());
    this.headings.clear();
    for (const { take, files, chapters, copies } of groups) {
      const rows = files.map(({ row }) => row);
      if (files.length === 1) this.list.append(...rows);
      else {
        const heading = this.root.querySelector("[data-group-template]").content.firstElementChild.cloneNode(true);
        const { recording, chaptersWord, copiesWord } = this.words;
        heading.querySelector("[data-group-name]").textContent = [
          `${recording} ${take}`, `${chaptersWord}: ${chapters}`, ...(copies ? [`${copiesWord}: ${copies}`] : []),
        ].join(" · ");
        heading.querySelector("[data-group-files]").append(...rows);
        this.list.append(heading);
        this.headings.set(files[0], heading);
      }
    }
    this.changed();
  }

  /** The session of what was dropped is told: off it goes. */
  send(batch) {
    const fresh = this.files.filter(({ batch: before, listed, isRefused }) => !before && !listed && !isRefused);
    const announce = fresh.length ? this.receipts.list(batch.session, fresh) : () => undefined;
    this.nListing += 1; // nothing is sent before the list is there
    this.files.filter((file) => !file.batch && file.isToBeSent).forEach((file) => file.join(batch));
    Promise.resolve(announce()).then(() => {
      this.nListing -= 1;
      this.startNext();
    });
  }

  startNext() {
    if (this.nListing) return void this.changed();
    const sending = this.files.filter(({ state }) => state === "sending").length;
    this.files.filter(({ state }) => state === "waiting").slice(0, PARALLEL - sending).forEach((file) => file.start());
    this.changed();
  }

  pauseOrResumeAll() {
    const pause = this.isSending;
    // Waiting ones first, or each pause would start one of them.
    const waitingFirst = [...this.files].sort((one, other) => (other.state === "waiting") - (one.state === "waiting"));
    waitingFirst.forEach((file) => {
      if (pause) file.pause();
      else if (file.state === "paused") file.resume();
    });
  }

  nudge() {
    this.files.forEach((file) => file.nudge({ slept: true }));
  }

  tick() {
    const slept = Date.now() - this.tickedAt > SLEPT_MS;
    this.tickedAt = Date.now();
    this.files.filter(({ state }) => state === "sending").forEach((file) => {
      file.nudge({ slept });
      file.show();
    });
  }

  forget(file) {
    this.files = this.files.filter((other) => other !== file);
    this.arrange();
    this.startNext();
    this.refreshRecent();
  }

  /** A phone converted what was picked: say how to get what the camera recorded. */
  sayWhatToDo() {
    this.root.querySelector("[data-converted-help]").hidden = false;
    this.root.querySelector("[data-phone-hint]").hidden = true; // which says the same of what may be
  }

  newRow(name) {
    const row = this.root.querySelector("[data-file-template]").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-name]").textContent = name;
    row.querySelector("[data-progress]").setAttribute("aria-label", name);
    return row;
  }

  sent(bytes) {
    this.sentBytes += bytes;
    this.pace.note(this.sentBytes);
  }

  /** Something is different: draw the head once before the next frame, however many files said so. */
  changed() {
    if (!this.isDrawn) return;
    this.isDrawn = false;
    setTimeout(() => {
      this.isDrawn = true;
      this.showHead();
    });
  }

  showHead() {
    this.batch.show(this.files.filter((file) => !file.batch && file.isToBeSent));
    this.awake.keep(this.isSending);
    this.root.querySelector("[data-sending]").hidden = this.list.childElementCount === 0;
    const files = this.files.filter((file) => file.batch && file.isToBeSent);
    const all = files.reduce((sum, { file }) => sum + file.size, 0);
    const sent = files.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    const done = files.filter(({ state }) => state === "done").length;
    const { of: ofWord, file, files: several, left } = this.words;
    const parts = [`${done} ${ofWord} ${files.length} ${files.length === 1 ? file : several}`, `${inBytes(sent)} ${ofWord} ${inBytes(all)}`];
    const seconds = this.pace.secondsFor(all - sent);
    if (this.isSending && seconds !== null) parts.push(`${inBytes(this.pace.speed())}/s`, `${inWords(seconds)} ${left}`);
    this.root.querySelector("[data-total-head]").hidden = files.length === 0;
    this.root.querySelector("[data-total]").textContent = parts.join(" · ");
    this.root.querySelector("[data-total-progress]").value = all ? sent / all : 0;
    const button = this.root.querySelector("[data-pause-all]");
    button.textContent = this.isSending ? this.words.pauseAll : this.words.resumeAll;
    button.hidden = !this.isSending && !this.files.some(({ state }) => state === "paused");
  }

  refreshRecent() {
    const list = document.querySelector("[data-uploads]");
    window.htmx.ajax("GET", this.root.dataset.recentUrl, { target: list, swap: "outerHTML" });
  }
}

const root = document.querySelector("[data-uploader]");
if (root) new Uploader(root);
