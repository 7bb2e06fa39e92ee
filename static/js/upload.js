// Sends dropped files in resumable chunks (tus), three at a time, and shows how far each one is.
// The server's list below the drop zone says what became of them; nothing of that is kept here.

const PARALLEL = 3;
const RETRY_DELAYS_MS = [0, 1000, 3000, 5000, 10000, 20000, 30000, 30000, 30000, 60000, 60000, 60000];

class QueuedFile {
  constructor(file, uploader) {
    this.file = file;
    this.uploader = uploader;
    this.state = "waiting";
    this.sentBytes = 0;
    this.row = uploader.newRow(file.name);
    this.tus = new window.tus.Upload(file, {
      endpoint: uploader.root.dataset.endpoint,
      chunkSize: Number(uploader.root.dataset.chunkBytes),
      retryDelays: RETRY_DELAYS_MS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: file.name, session: uploader.sessionName, date: uploader.sessionDate },
      headers: { "X-CSRFToken": uploader.root.dataset.csrf },
      onProgress: (sentBytes) => this.show({ sentBytes }),
      onShouldRetry: (error) => {
        const status = error.originalResponse ? error.originalResponse.getStatus() : 0;
        this.show({ says: uploader.words.retrying });
        return status === 0 || status === 409 || status === 423 || status >= 500 && status !== 507;
      },
      onError: (error) => this.fail(error),
      onSuccess: () => this.done(),
    });
  }

  async start() {
    this.show({ state: "sending", says: "" });
    const [previous] = await this.tus.findPreviousUploads();
    if (previous && this.tus.url === null) this.tus.resumeFromPreviousUpload(previous);
    if (this.state === "sending") this.tus.start();
  }

  pause() {
    if (this.state !== "sending" && this.state !== "waiting") return;
    this.tus.abort();
    this.show({ state: "paused", says: this.uploader.words.paused });
    this.uploader.startNext();
  }

  resume() {
    this.show({ state: "waiting", says: this.uploader.words.waiting });
    this.uploader.startNext();
  }

  async remove() {
    const finished = this.state === "done";
    this.show({ state: "removed" });
    // Ends the upload on the server too, so that half a file does not lie there.
    if (!finished) await this.tus.abort(this.tus.url !== null).catch(() => undefined);
    this.row.remove();
    this.uploader.forget(this);
  }

  done() {
    this.show({ state: "done", sentBytes: this.file.size, says: this.uploader.words.done });
    this.uploader.refreshRecent();
    this.uploader.startNext();
  }

  fail(error) {
    const response = error.originalResponse;
    const status = response ? response.getStatus() : 0;
    const { words } = this.uploader;
    const says = status === 401 || status === 403 ? words.loggedOut : (response && response.getBody()) || words.offline;
    this.show({ state: "failed", says });
    this.uploader.startNext();
  }

  show(change) {
    Object.assign(this, change);
    const { row, file } = this;
    row.dataset.state = this.state;
    const share = Math.min(1, this.sentBytes / file.size);
    row.querySelector("[data-progress]").value = share;
    row.querySelector("[data-says]").textContent = this.says || `${Math.floor(100 * share)} %`;
    row.querySelector("[data-pause]").hidden = this.state !== "sending" && this.state !== "waiting";
    row.querySelector("[data-remove]").hidden = this.state === "done";
    row.querySelector("[data-resume]").hidden = this.state !== "paused" && this.state !== "failed";
    if (change.sentBytes !== undefined) this.says = "";
    this.uploader.showTotal();
  }
}

class Uploader {
  constructor(root) {
    this.root = root;
    this.words = root.querySelector("[data-words]").dataset;
    this.files = [];
    this.listen();
    this.showUnfinished();
  }

  get sessionName() {
    return this.root.querySelector("[data-session-name]").value.trim();
  }

  get sessionDate() {
    return this.root.querySelector("[data-session-date]").value;
  }

  get isSending() {
    return this.files.some((file) => file.state === "sending" || file.state === "waiting");
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
    this.root.querySelector("[data-file-list]").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      const file = button && this.files.find(({ row }) => row.contains(button));
      if (!file) return;
      if ("pause" in button.dataset) file.pause();
      if ("resume" in button.dataset) file.resume();
      if ("remove" in button.dataset) file.remove();
    });
    window.addEventListener("online", () => this.files.filter(({ state }) => state === "failed").forEach((f) => f.resume()));
    window.addEventListener("beforeunload", (event) => this.isSending && event.preventDefault());
  }

  add(files) {
    for (const file of files) {
      const known = this.files.find(({ file: { name, size, lastModified } }) =>
        name === file.name && size === file.size && lastModified === file.lastModified);
      if (!known) this.files.push(new QueuedFile(file, this));
      else if (known.state === "failed" || known.state === "paused") known.resume();
    }
    this.startNext();
  }

  startNext() {
    const sending = this.files.filter(({ state }) => state === "sending").length;
    this.files.filter(({ state }) => state === "waiting").slice(0, PARALLEL - sending).forEach((file) => file.start());
    this.showTotal();
  }

  pauseOrResumeAll() {
    const pause = this.isSending;
    // Waiting ones first, or each pause would start one of them.
    const order = [...this.files].sort((one, other) => (one.state === "waiting" ? -1 : 0) - (other.state === "waiting" ? -1 : 0));
    order.forEach((file) => {
      if (pause) file.pause();
      else if (file.state === "paused") file.resume();
    });
  }

  forget(file) {
    this.files = this.files.filter((other) => other !== file);
    this.startNext();
    this.refreshRecent();
  }

  newRow(name) {
    const template = this.root.querySelector("[data-file-template]");
    const row = template.content.firstElementChild.cloneNode(true);
    row.querySelector("[data-name]").textContent = name;
    row.querySelector("[data-progress]").setAttribute("aria-label", name);
    row.querySelector("[data-says]").textContent = this.words.waiting;
    this.root.querySelector("[data-file-list]").append(row);
    return row;
  }

  showTotal() {
    const all = this.files.reduce((sum, { file }) => sum + file.size, 0);
    const sent = this.files.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    const done = this.files.filter(({ state }) => state === "done").length;
    this.root.querySelector("[data-sending]").hidden = this.files.length === 0;
    this.root.querySelector("[data-total-progress]").value = all ? sent / all : 0;
    const size = (bytes) => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`);
    this.root.querySelector("[data-total]").textContent =
      `${done} ${this.words.of} ${this.files.length} ${this.words.files} · ${size(sent)} ${this.words.of} ${size(all)}`;
    const button = this.root.querySelector("[data-pause-all]");
    button.textContent = this.isSending ? this.words.pauseAll : this.words.goOn;
    button.hidden = !this.isSending && !this.files.some(({ state }) => state === "paused");
  }

  async showUnfinished() {
    // A page may not open files again by itself: the person drops them, and they go on where they stopped.
    const unfinished = await window.tus.defaultOptions.urlStorage.findAllUploads();
    for (const { metadata, size } of unfinished) {
      const row = this.newRow(metadata.filename);
      row.dataset.state = "unfinished";
      row.querySelector("[data-says]").textContent = this.words.resumeHint;
      row.querySelector(".file-buttons").remove();
      row.dataset.size = size;
    }
    if (unfinished.length) this.root.querySelector("[data-sending]").hidden = false;
  }

  refreshRecent() {
    const list = document.querySelector("[data-uploads]");
    window.htmx.ajax("GET", this.root.dataset.recentUrl, { target: list, swap: "outerHTML" });
  }
}

const root = document.querySelector("[data-uploader]");
if (root) new Uploader(root);
