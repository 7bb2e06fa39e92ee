// When a file was recorded, as far as the browser can tell: by its name, else by when it was changed last. The server reads
// more of both (clips/media/cameras/filename_time.py); this is for the date that the page proposes.

const DATED = /(?<!\d)((?:19|20)\d\d)[-_. ]?(\d\d)[-_. ]?(\d\d)(?:[-_.T ]?(\d\d)(\d\d)(\d\d)(?:\d{3})?)?(?!\d)/g;
const UTC_NAME = /^PXL_/i;
const FIRST_TRUE_YEAR = 1990;
const RESET_YEARS = new Set([2000, 2015, 2016]); // what cameras' clocks begin again with
const DAY_MS = 86_400_000;

/** Return when a file was recorded, in ms since 1970; null where neither its name nor its date can be right. */
export function recordedMs(file, nowMs = Date.now()) {
  const named = namedMs(file.name, nowMs);
  if (named !== null) return named;
  return canBeTrue(new Date(file.lastModified), nowMs) ? file.lastModified : null;
}

function namedMs(name, nowMs) {
  for (const [, ...digits] of name.matchAll(DATED)) {
    const [year, month, day, hour = 12, minute = 0, second = 0] = digits.map((part) => part && Number(part));
    const hasTime = digits[3] !== undefined && hour < 24 && minute < 60 && second < 60;
    const time = hasTime ? [hour, minute, second] : [12, 0, 0];
    const local = new Date(year, month - 1, day, ...time);
    if (local.getMonth() !== month - 1 || local.getDate() !== day) continue; // digits, but no day
    if (!canBeTrue(local, nowMs)) continue;
    return hasTime && UTC_NAME.test(name) ? Date.UTC(year, month - 1, day, ...time) : local.getTime();
  }
  return null;
}

function canBeTrue(moment, nowMs) {
  const isReset = moment.getMonth() === 0 && moment.getDate() === 1 && RESET_YEARS.has(moment.getFullYear());
  return moment.getFullYear() >= FIRST_TRUE_YEAR && moment.getTime() < nowMs + DAY_MS && !isReset;
}
