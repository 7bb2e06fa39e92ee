// Which files a camera made of one recording: GoPro cuts long ones into chapters (GX010123, GX020123, ...; earlier
// models GOPR0123, GP010123, ...) and writes a small copy of each (GL010123.LRV).

// What programs add where a file of that name was there already: (1), _1, -1, copy 2.
const COPY_ENDING = /(?: ?\(\d{1,3}\)| ?[-_ ] ?cop(?:y|ie|ia)(?: ?\(?\d{1,3}\)?)?|[ _-]\d{1,2})(?=\.\w+$)/i;
const CHAPTER = /^G[XHLS](\d\d)(\d{4})\.(mp4|lrv|360)$/i;
const EARLIER_FIRST = /^GOPR(\d{4})\.(mp4|lrv)$/i;
const EARLIER_CHAPTER = /^GP(\d\d)(\d{4})\.(mp4|lrv)$/i;

/** Return what a name says: { take, chapter, isCopy, own }; null for names of other cameras. `own` has no copy's ending. */
export function readName(written) {
  const name = written.replace(COPY_ENDING, "");
  let take, chapter, suffix;
  let found = CHAPTER.exec(name);
  if (found) [, chapter, take, suffix] = found;
  else if ((found = EARLIER_CHAPTER.exec(name))) [, chapter, take, suffix] = found;
  else if ((found = EARLIER_FIRST.exec(name))) [, take, suffix] = found;
  if (!found) return null;
  return { take, chapter: Number(chapter ?? 0), isCopy: suffix.toLowerCase() === "lrv", own: name };
}

/**
 * Put files into the order in which they are shown and sent, the chapters and copies of one recording together.
 *
 * Two cameras may both have a take 0123: files of one name are never in one group, nor those of different folders. Where
 * names differ by a copy's ending alone, those of one ending are together.
 *
 * @template T
 * @param {T[]} files in the order in which they came
 * @param {(file: T) => string} nameOf gives the name, with the folder before it where that is known
 * @returns {{take: string|null, files: T[], chapters: number, copies: number}[]}
 */
export function groupFiles(files, nameOf) {
  const all = files.map((file) => parsed(file, nameOf(file)));
  const twice = new Set(all.filter(({ own, path }) => all.some((other) => other.own === own && other.path !== path))
    .map(({ key }) => key));
  const groups = [];
  for (const member of all) {
    const ending = twice.has(member.key) ? member.ending : "";
    const fits = (group) => group.key === member.key && group.ending === ending && !group.names.has(member.own);
    let group = member.key && groups.find(fits);
    if (!group) groups.push((group = { key: member.key, ending, take: member.take, names: new Set(), members: [] }));
    group.names.add(member.own);
    group.members.push(member);
  }
  return groups.map(({ take, members }) => {
    members.sort((one, other) => one.isCopy - other.isCopy || one.chapter - other.chapter);
    const copies = members.filter(({ isCopy }) => isCopy).length;
    return { take, files: members.map(({ file }) => file), chapters: members.length - copies, copies };
  });
}

/** Return a file with what its name says; `key` is that of its recording, null where it is none of a GoPro. */
function parsed(file, path) {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const folder = path.slice(0, path.length - name.length);
  const { take = null, chapter = 0, isCopy = false, own = name } = readName(name) ?? {};
  const ending = COPY_ENDING.exec(name)?.[0] ?? "";
  const key = take && `${folder}${take}`;
  return { file, path, key, take, chapter, isCopy, own: `${folder}${own}`.toUpperCase(), ending };
}
