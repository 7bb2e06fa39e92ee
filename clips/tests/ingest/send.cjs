// Sends one file with tus-js-client under Node, through its own interface for HTTP stacks.
// node send.cjs CLIENT.js ENDPOINT TOKEN FILE CHUNK_BYTES; prints the address of the upload.

const fs = require("node:fs");
const http = require("node:http");

const [clientPath, endpoint, token, filePath, chunkBytes] = process.argv.slice(2);
const tus = require(clientPath);

class Request {
  constructor(method, url) {
    Object.assign(this, { method, url, headers: {}, onProgress: () => undefined });
  }

  getMethod() { return this.method; }
  getURL() { return this.url; }
  setHeader(name, value) { this.headers[name] = value; }
  getHeader(name) { return this.headers[name]; }
  setProgressHandler(onProgress) { this.onProgress = onProgress; }
  getUnderlyingObject() { return this.request; }

  async abort() { this.request?.destroy(); }

  async send(body) {
    const bytes = body ? Buffer.from(await body.arrayBuffer()) : Buffer.alloc(0);
    return new Promise((resolve, reject) => {
      const headers = { ...this.headers, "Content-Length": bytes.length };
      this.request = http.request(this.url, { method: this.method, headers, agent: false }, (answer) => {
        const blocks = [];
        answer.on("data", (block) => blocks.push(block));
        answer.on("aborted", () => reject(new Error("aborted")));
        answer.on("end", () => resolve({
          getStatus: () => answer.statusCode,
          getHeader: (name) => answer.headers[name.toLowerCase()],
          getBody: () => Buffer.concat(blocks).toString(),
          getUnderlyingObject: () => answer,
        }));
      });
      this.request.on("error", reject);
      this.request.end(bytes, () => this.onProgress(bytes.length));
    });
  }
}

const file = new Blob([fs.readFileSync(filePath)]);
const upload = new tus.Upload(file, {
  endpoint,
  chunkSize: Number(chunkBytes),
  retryDelays: Array(100).fill(30),
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: filePath.split("/").pop(), session: "Chairlift", date: "2024-12-01" },
  httpStack: { createRequest: (method, url) => new Request(method, url), getName: () => "node" },
  storeFingerprintForResuming: false,
  onShouldRetry: (error) => [0, 409, 423, 503].includes(error.originalResponse ? error.originalResponse.getStatus() : 0),
  onError: (error) => { console.error(String(error)); process.exit(1); },
  onSuccess: () => console.log(upload.url),
});
upload.start();
