// Says calmly when the server cannot be reached, looks for it until it is back, and says when an answer was an error.

const PROBE_EVERY_MS = 4000;
const SHOWN_FOR_MS = 8000;

class Connection {
  constructor(notice) {
    this.notice = notice;
    this.isLost = false;
    this.timer = 0;
    const { body } = document;
    body.addEventListener("htmx:sendError", () => this.lose());
    body.addEventListener("htmx:timeout", () => this.lose());
    body.addEventListener("htmx:afterRequest", (event) => event.detail.xhr?.status > 0 && this.find());
    body.addEventListener("htmx:responseError", (event) => this.explain(event.detail.xhr));
    window.addEventListener("offline", () => this.lose());
    window.addEventListener("online", () => this.probe());
    if (!navigator.onLine) this.lose();
  }

  lose() {
    if (this.isLost) return;
    this.isLost = true;
    this.show("lost");
    this.timer = setTimeout(() => this.probe(), PROBE_EVERY_MS);
  }

  find() {
    if (!this.isLost) return;
    this.isLost = false;
    this.show("back");
    this.hideLater(SHOWN_FOR_MS / 2);
  }

  async probe() {
    clearTimeout(this.timer);
    try {
      await fetch(this.notice.dataset.probeUrl, { method: "HEAD", cache: "no-store" });
      this.find();
    } catch {
      this.timer = setTimeout(() => this.probe(), PROBE_EVERY_MS);
    }
  }

  explain(xhr) {
    const { status } = xhr;
    if (status === 503 && xhr.getResponseHeader("Retry-After")) {
      this.show("busy"); // the site itself says so
      return this.hideLater(SHOWN_FOR_MS);
    }
    if (status >= 502 && status <= 504) return this.lose(); // the proxy answers, what stands behind it does not
    this.show(status >= 500 ? "broken" : status === 403 ? "forbidden" : "gone");
    return this.hideLater(SHOWN_FOR_MS);
  }

  show(what) {
    clearTimeout(this.timer);
    this.notice.textContent = this.notice.dataset[what];
    this.notice.dataset.says = what;
  }

  hideLater(afterMs) {
    this.timer = setTimeout(() => {
      delete this.notice.dataset.says;
      this.notice.textContent = "";
    }, afterMs);
  }
}

const notice = document.querySelector("[data-connection]");
if (notice) new Connection(notice);
