// Finds out which files need not be sent. A quick fingerprint says "probably here"; a file is left out for good only
// when the SHA-256 of all its bytes is that of a file on the server.

const ASKED_TOGETHER_MS = 200;

export class Known {
  constructor({ url, csrf, hashing }) {
    Object.assign(this, { url, csrf, hashing });
    this.waiting = new Map(); // fingerprint → those who want to know
    this.timer = 0;
  }

  /** Return the files on the server that look like this one: [{ sha256, url, says }]; none when nobody can say. */
  async alike(file) {
    try {
      const fingerprint = await this.hashing.fingerprintOf(file);
      return await this.ask(fingerprint);
    } catch {
      return []; // it is sent then, and the server compares
    }
  }

  /** Return the one of `alike` that has the same bytes, all of them; null where none has. */
  async same(file, alike, report) {
    try {
      const hash = await this.hashing.sha256Of(file, report);
      return alike.find(({ sha256 }) => sha256 === hash) ?? null;
    } catch {
      return null;
    }
  }

  ask(fingerprint) {
    return new Promise((resolve) => {
      this.waiting.set(fingerprint, [...(this.waiting.get(fingerprint) ?? []), resolve]);
      this.timer ||= setTimeout(() => this.post(), ASKED_TOGETHER_MS);
    });
  }

  async post() {
    const { waiting } = this;
    this.waiting = new Map();
    this.timer = 0;
    let known = {};
    try {
      const answer = await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf },
        body: JSON.stringify({ fingerprints: [...waiting.keys()].slice(0, 500) }),
      });
      if (answer.ok) ({ known } = await answer.json());
    } catch {
      // No connection: see alike().
    }
    waiting.forEach((those, fingerprint) => those.forEach((resolve) => resolve(known[fingerprint] ?? [])));
  }
}
