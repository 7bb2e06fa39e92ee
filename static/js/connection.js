// Says calmly when the server cannot be reached, looks for it until it is back, and says when an answer was an error.

const PROBE_EVERY_MS = 4000;
const SHOWN_FOR_MS = 8000;

/** Whether an answer came from the whole site: 502 to 504 say that something behind whoever answers is away. */
const isThere = (status) => status > 0 && !(status >= 502 && status <= 504);

class Connection {
  constructor(notice) {
    this.notice = notice;
    this.isLost = false;
    this.timer = 0;
    const { body } = document;
    body.addEventListener("htmx:sendError", () => this.lose());
    body.addEventListener("htmx:timeout", () => this.lose());
    body.addEventListener("htmx:afterRequest", (event) => isThere(event.detail.xhr?.status ?? 0) && this.find());
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
      // This page and not a probe: the web server may be there while its database is not.
      const { status } = await fetch(window.location.href, { method: "HEAD", cache: "no-store", redirect: "manual" });
      if (isThere(status) || status === 0) return this.find(); // 0: a redirect, which is an answer
    } catch {
      // still away
    }
    this.timer = setTimeout(() => this.probe(), PROBE_EVERY_MS);
    return undefined;
  }

  explain(xhr) {
    const { status } = xhr;
    if (status === 503 && xhr.getResponseHeader("X-Busy")) {
      this.show("busy"); // the database was busy for too long, and is there
      return this.hideLater(SHOWN_FOR_MS);
    }
    if (!isThere(status)) return this.lose(); // the proxy answers, what stands behind it does not
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
