// Lists each batch for the server before it is sent, so that it can say in the end whether the card may be formatted.
// Without an answer the files are sent all the same, and have no receipt.

const PATIENCE_MS = 10_000;

export class Receipts {
  constructor({ url, csrf }) {
    Object.assign(this, { url, csrf });
  }

  /**
   * Give these files their places in a new receipt, at once; returns what announces it.
   *
   * @param {string} name of the batch
   * @param {QueuedFile[]} files
   */
  list(name, files) {
    const receipt = newKey();
    const taken = new Set();
    for (const file of files) {
      let { path } = file;
      for (let number = 2; taken.has(path); number += 1) path = `${file.path} (${number})`;
      taken.add(path);
      file.listed = { receipt, path };
    }
    const listed = files.map(({ file, listed: { path }, here, state }) => ({
      path,
      size: file.size,
      modified_ms: file.lastModified,
      ...(state === "here" && here && { sha256: here.sha256 }),
    }));
    return () => this.post(this.url, { id: receipt, name, files: listed });
  }

  /** A listed file need not be sent: the server has these bytes. */
  here({ receipt, path }, sha256) {
    return this.post(this.url.replace(/new$/, `${receipt}/here`), { path, sha256 });
  }

  async post(url, told) {
    try {
      await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf },
        body: JSON.stringify(told),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
    } catch {
      // No connection, or none that answers: the receipt says that it has not heard of the files.
    }
  }
}

/** Return a random UUID, also where the page is not on HTTPS. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] % 16) + 64;
  bytes[8] = (bytes[8] % 64) + 128;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
