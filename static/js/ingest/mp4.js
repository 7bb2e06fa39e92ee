// Reads of an MP4 or QuickTime file what it says of its tracks, wherever its index lies: headers of boxes only, some
// kilobytes in all. The boxes: ISO/IEC 14496-12 (hdlr, mdhd, stsd, stsz); QuickTime's metadata keys: QuickTime File
// Format, "Metadata Atom" (keys).

const HEADER_BYTES = 16;
const MOST_BOXES = 2000; // of one level; more is no file of a camera
const MOST_TEXT_BYTES = 65_536;

const latin = (bytes) => String.fromCharCode(...bytes);

async function bytesAt(file, from, length) {
  return new DataView(await file.slice(from, from + length).arrayBuffer());
}

/** The boxes between two places: type, and where its content begins and ends. */
async function boxesIn(file, from, to) {
  const boxes = [];
  let at = from;
  while (at + 8 <= to && boxes.length < MOST_BOXES) {
    const head = await bytesAt(file, at, HEADER_BYTES);
    if (head.byteLength < 8) break;
    let size = head.getUint32(0);
    let headerBytes = 8;
    if (size === 1 && head.byteLength === HEADER_BYTES) {
      size = Number(head.getBigUint64(8));
      headerBytes = HEADER_BYTES;
    } else if (size === 0) size = to - at; // to the end
    if (size < headerBytes) break;
    boxes.push({ type: latin(new Uint8Array(head.buffer, 4, 4)), from: at + headerBytes, to: Math.min(to, at + size) });
    at += size;
  }
  return boxes;
}

async function find(file, box, ...path) {
  let found = box;
  for (const type of path) {
    found = found && (await boxesIn(file, found.from, found.to)).find((one) => one.type === type);
  }
  return found ?? null;
}

async function textOf(file, box) {
  if (!box) return "";
  const length = Math.min(box.to - box.from, MOST_TEXT_BYTES);
  return latin(new Uint8Array((await bytesAt(file, box.from, length)).buffer));
}

async function trackOf(file, trak) {
  const media = await find(file, trak, "mdia");
  if (!media) return null;
  const hdlr = await textOf(file, await find(file, media, "hdlr"));
  const mdhd = await find(file, media, "mdhd");
  const table = await find(file, media, "minf", "stbl");
  const stsd = table && (await find(file, table, "stsd"));
  const stsz = table && (await find(file, table, "stsz"));
  if (!mdhd || !stsd || !stsz) return null;
  const times = await bytesAt(file, mdhd.from, 32);
  const isLong = times.getUint8(0) === 1;
  const timescale = times.getUint32(isLong ? 20 : 12);
  const duration = isLong ? Number(times.getBigUint64(24)) : times.getUint32(16);
  const entry = await bytesAt(file, stsd.from, 16);
  const samples = (await bytesAt(file, stsz.from, 12)).getUint32(8);
  return {
    kind: hdlr.slice(8, 12), // "vide", "soun", "meta"
    writer: hdlr.slice(24),
    coding: entry.byteLength === 16 ? latin(new Uint8Array(entry.buffer, 12, 4)) : "",
    timescale,
    perSecond: duration ? (samples * timescale) / duration : 0,
  };
}

/**
 * What a file says of itself.
 *
 * @param {Blob} file
 * @returns {Promise<{tracks: object[], keys: string}|null>} null for one that is no such file, or a broken one
 */
export async function readMovie(file) {
  try {
    const moov = await find(file, { from: 0, to: file.size }, "moov");
    if (!moov) return null;
    const inside = await boxesIn(file, moov.from, moov.to);
    const tracks = [];
    for (const trak of inside.filter(({ type }) => type === "trak")) tracks.push(await trackOf(file, trak));
    const meta = inside.find(({ type }) => type === "meta") ?? null;
    return { tracks: tracks.filter(Boolean), keys: await textOf(file, meta && (await find(file, meta, "keys"))) };
  } catch {
    return null;
  }
}
