// Videos that a phone's gallery shares (manifest, share_target). The request's body is split as it streams in, and each
// file goes straight to the browser's private file system: formData() would hold all of it in memory. The folder is read
// and emptied by js/ingest/shared.js.
// The form of the body: RFC 7578; delimiters: RFC 2046, section 5.1.1.

const FOLDER = "shared";
const HEAD_BYTES = 16_384; // of one part; more is none of a browser's
const CRLF = "\r\n";

const bytesOf = (text) => new TextEncoder().encode(text);

function joined(one, other) {
  const all = new Uint8Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}

function indexOf(bytes, wanted, from = 0) {
  for (let at = bytes.indexOf(wanted[0], from); at !== -1; at = bytes.indexOf(wanted[0], at + 1)) {
    if (at + wanted.length > bytes.length) return -1;
    if (wanted.every((byte, n) => bytes[at + n] === byte)) return at;
  }
  return -1;
}

/** Where the last bytes might begin a delimiter that continues in the next piece. */
function safeLength(bytes, wanted) {
  for (let at = Math.max(0, bytes.length - wanted.length + 1); at < bytes.length; at += 1) {
    if (bytes.subarray(at).every((byte, n) => byte === wanted[n])) return at;
  }
  return bytes.length;
}

const nameIn = (head) => /filename="((?:[^"\\]|\\.)*)"/i.exec(head)?.[1].replace(/%22/g, '"').replace(/\\(.)/g, "$1") ?? null;

/**
 * Split a multipart body as it comes.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @param {string} boundary
 * @param {(name: string|null) => Promise<{write: Function, close: Function}|null>} open is asked where each part's bytes go
 */
async function split(body, boundary, open) {
  const delimiter = bytesOf(`${CRLF}--${boundary}`);
  const endOfHead = bytesOf(CRLF + CRLF);
  const reader = body.getReader();
  let left = bytesOf(CRLF); // the first delimiter has no line before it
  let part = null;
  let isInHead = false;
  let isDone = false;
  while (!isDone) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The body ends before its last part does.");
    left = left.length ? joined(left, value) : value;
    for (;;) {
      if (isInHead) {
        if (left[0] === 45 && left[1] === 45) { isDone = true; break; } // "--": that was the last one
        const end = indexOf(left, endOfHead);
        if (end === -1 && left.length > HEAD_BYTES) throw new Error("The head of a part is too long.");
        if (end === -1) break;
        part = await open(nameIn(new TextDecoder().decode(left.subarray(0, end))));
        left = left.subarray(end + endOfHead.length);
        isInHead = false;
      }
      const end = indexOf(left, delimiter);
      const upTo = end === -1 ? safeLength(left, delimiter) : end;
      if (upTo) await part?.write(left.slice(0, upTo));
      left = left.slice(end === -1 ? upTo : upTo + delimiter.length);
      if (end === -1) break;
      await part?.close();
      part = null;
      isInHead = true;
    }
  }
  await reader.cancel();
}

self.SharedVideos = {
  /** Write the videos of a request into the folder; resolves when all of them are there. */
  async keep(request) {
    const boundary = /boundary="?([^";]+)"?/i.exec(request.headers.get("Content-Type") ?? "")?.[1];
    if (!boundary || !request.body) throw new Error("No videos came with this.");
    await this.forget(); // what an earlier visit did not take over
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(FOLDER, { create: true });
    let number = 0;
    await split(request.body, boundary, async (name) => {
      if (!name) return null;
      // Two may have one name; a folder each keeps both as they are called.
      number += 1;
      const place = await folder.getDirectoryHandle(String(number), { create: true });
      const handle = await place.getFileHandle(name.split(/[\\/]/).pop(), { create: true });
      return handle.createWritable();
    });
  },

  async forget() {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(FOLDER, { recursive: true }).catch((error) => {
      if (error.name !== "NotFoundError") throw error;
    });
  },
};
