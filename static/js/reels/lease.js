// The right to change an edit: one open page has it. This page asks for it, renews it while somebody looks, gives it back
// when it is left, and else shows what the other page does.

const RENEW_MS = 20_000;
const LOOK_MS = 5_000;

export class Lease {
  /** @param {HTMLElement} page with the addresses; without one of a lease it only shows */
  constructor(page) {
    this.page = page;
    this.says = page.querySelector("#reel-lease");
    this.isMine = false;
    this.token = this.#token();
    if (!page.dataset.leaseUrl) return;
    this.ask({ opens: "1" });
    setInterval(() => this.isMine && document.visibilityState === "visible" && this.ask(), RENEW_MS);
    setInterval(() => !this.isMine && document.visibilityState === "visible" && this.#look(), LOOK_MS);
    document.addEventListener("visibilitychange", () => this.isMine && document.visibilityState === "visible" && this.ask());
    window.addEventListener("pagehide", () => this.isMine && this.#send(page.dataset.leaseEndUrl, {}, { keepalive: true }));
    this.says.addEventListener("click", (event) => event.target.closest("[data-take-over]") && this.ask().then(() => this.#look()));
  }

  /** Ask for the right, or renew it. */
  async ask(more = {}) {
    const response = await this.#send(this.page.dataset.leaseUrl, more).catch(() => null);
    if (!response || ![200, 409].includes(response.status)) return; // without a connection nothing is decided
    this.isMine = response.status === 200;
    this.says.innerHTML = await response.text();
    this.mark();
  }

  /** Let what changes the edit be used, or not. */
  mark() {
    this.page.toggleAttribute("data-read-only", !this.isMine);
    this.page.toggleAttribute("data-may-change", this.isMine);
    for (const fields of this.page.querySelectorAll("fieldset[data-changes]")) fields.disabled = !this.isMine;
  }

  #look() {
    window.htmx.ajax("GET", this.page.dataset.bodyUrl, { target: "#reel-body", swap: "outerHTML" }).then(() => {
      const holder = this.page.querySelector("#reel-body")?.dataset.heldBy;
      const free = this.says.querySelector("[data-free]");
      if (!free) return;
      free.hidden = Boolean(holder);
      this.says.querySelector("[data-held]").hidden = !holder;
    });
  }

  #send(address, more, options = {}) {
    const headers = { "HX-Request": "true", ...JSON.parse(document.body.getAttribute("hx-headers")) };
    return fetch(address, { method: "POST", headers, body: new URLSearchParams({ lease: this.token, ...more }), ...options });
  }

  /** The same after a reload, another one in a second tab. */
  #token() {
    const key = `lease of ${location.pathname}`;
    const isReload = performance.getEntriesByType("navigation")[0]?.type !== "navigate";
    const kept = isReload && sessionStorage.getItem(key);
    const token = kept || crypto.randomUUID();
    sessionStorage.setItem(key, token);
    return token;
  }
}
