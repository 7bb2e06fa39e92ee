// Asks a worker for hashes, one file after the other: the disk of a phone is not faster for being asked twice at once.

export class Hashing {
  constructor() {
    this.worker = null;
    this.asked = new Map();
    this.lastId = 0;
    this.queue = Promise.resolve();
  }

  /** @returns {Promise<string>} the quick fingerprint, as clips/ingest/fingerprint.py has it */
  fingerprintOf(file) {
    return this.inTurn(() => this.ask("fingerprint", file));
  }

  /** @returns {Promise<string>} the SHA-256 of the whole file; `report` gets the share that was read */
  sha256Of(file, report) {
    return this.inTurn(() => this.ask("sha256", file, report));
  }

  inTurn(work) {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }

  ask(what, file, report = () => undefined) {
    this.worker ??= this.start();
    this.lastId += 1;
    const id = this.lastId;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject, report });
      this.worker.postMessage({ id, what, file });
    });
  }

  start() {
    const worker = new Worker(new URL("./hash-worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      const { resolve, reject, report } = this.asked.get(data.id);
      if (data.share !== undefined) return report(data.share);
      this.asked.delete(data.id);
      return data.error ? reject(new Error(data.error)) : resolve(data.value);
    });
    worker.addEventListener("error", () => {
      // An old browser without module workers: everything is sent, and the server finds out what it has.
      this.asked.forEach(({ reject }) => reject(new Error("no worker")));
      this.asked.clear();
    });
    return worker;
  }
}
