// Which files a camera made of one recording: GoPro cuts long ones into chapters (GX010123, GX020123, ...; earlier
// models GOPR0123, GP010123, ...) and writes a small copy of each (GL010123.LRV).

const CHAPTER = /^G[XHLS](\d\d)(\d{4})\.(mp4|lrv|360)$/i;
const EARLIER_FIRST = /^GOPR(\d{4})\.(mp4|lrv)$/i;
const EARLIER_CHAPTER = /^GP(\d\d)(\d{4})\.(mp4|lrv)$/i;

/** Return what a name says: { take, chapter, isCopy }; null for names of other cameras. */
export function readName(name) {
  let take, chapter, suffix;
  let found = CHAPTER.exec(name);
  if (found) [, chapter, take, suffix] = found;
  else if ((found = EARLIER_CHAPTER.exec(name))) [, chapter, take, suffix] = found;
  else if ((found = EARLIER_FIRST.exec(name))) [, take, suffix] = found;
  if (!found) return null;
  return { take, chapter: Number(chapter ?? 0), isCopy: suffix.toLowerCase() === "lrv" };
}

/**
 * Put files into the order in which they are shown and sent, the chapters and copies of one recording together.
 *
 * Two cameras may both have a take 0123: files of one name are never in one group, nor those of different folders.
 *
 * @template T
 * @param {T[]} files in the order in which they came
 * @param {(file: T) => string} nameOf gives the name, with the folder before it where that is known
 * @returns {{take: string|null, files: T[], chapters: number, copies: number}[]}
 */
export function groupFiles(files, nameOf) {
  const groups = [];
  for (const file of files) {
    const path = nameOf(file);
    const name = path.slice(path.lastIndexOf("/") + 1);
    const folder = path.slice(0, path.length - name.length);
    const read = readName(name);
    const fits = (group) => group.take === read.take && group.folder === folder && !group.names.has(name.toUpperCase());
    let group = read && groups.find(fits);
    if (!group) groups.push((group = { take: read?.take ?? null, folder, names: new Set(), members: [] }));
    group.names.add(name.toUpperCase());
    group.members.push({ file, chapter: read?.chapter ?? 0, isCopy: read?.isCopy ?? false });
  }
  return groups.map(({ take, members }) => {
    members.sort((one, other) => one.isCopy - other.isCopy || one.chapter - other.chapter);
    const copies = members.filter(({ isCopy }) => isCopy).length;
    return { take, files: members.map(({ file }) => file), chapters: members.length - copies, copies };
  });
}
