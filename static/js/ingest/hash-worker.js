// Hashes files beside the page, so that it stays quick: the fingerprint that tells what is probably on the server
// already (clips/ingest/fingerprint.py computes the same), and the SHA-256 of a whole file, which alone is proof.

import { sha256 } from "../../vendor/noble-hashes-2.4.0/sha2.js";

const PIECE_BYTES = 8 * 1024 * 1024;
const DIGEST_BYTES = 32;

async function digest(bytes) {
  // Browsers offer theirs, some ten times as fast, over HTTPS and on localhost only.
  if (self.crypto?.subtle) return new Uint8Array(await self.crypto.subtle.digest("SHA-256", bytes));
  return sha256(bytes);
}

async function bytesOf(file, startBytes) {
  return new Uint8Array(await file.slice(startBytes, startBytes + PIECE_BYTES).arrayBuffer());
}

async function fingerprintOf(file) {
  const last = Math.max(0, file.size - PIECE_BYTES);
  const all = new Uint8Array(8 + 3 * DIGEST_BYTES);
  new DataView(all.buffer).setBigUint64(0, BigInt(file.size));
  let place = 8;
  for (const startBytes of [0, Math.floor(last / 2), last]) {
    all.set(await digest(await bytesOf(file, startBytes)), place);
    place += DIGEST_BYTES;
  }
  return inHex(await digest(all));
}

async function sha256Of(file, report) {
  const whole = sha256.create(); // the browser's own cannot take a file piece by piece
  for (let done = 0; done < file.size; done += PIECE_BYTES) {
    whole.update(await bytesOf(file, done));
    report(Math.min(1, (done + PIECE_BYTES) / file.size));
  }
  return inHex(whole.digest());
}

function inHex(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

self.addEventListener("message", async ({ data: { id, what, file } }) => {
  try {
    const report = (share) => self.postMessage({ id, share });
    const value = what === "fingerprint" ? await fingerprintOf(file) : await sha256Of(file, report);
    self.postMessage({ id, value });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
});
