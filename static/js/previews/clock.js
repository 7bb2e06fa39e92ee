// Places in a video as people write them, to the millisecond.

/** Write 1:02:03.500, or 2:03.500 in the first hour. */
export const exactClock = (ms) => {
  const whole = Math.floor(ms / 1000);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const two = (number) => String(number).padStart(2, "0");
  const tail = `${two(whole % 60)}.${String(Math.round(ms) % 1000).padStart(3, "0")}`;
  return hours ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
};

/** Return milliseconds for what the server reads too: 1:02:03.5, 1:02.5, 62.5; NaN for anything else. */
export const readClock = (text) => {
  const parts = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d+)?)$/.exec(text.trim());
  if (!parts) return NaN;
  return Math.round(((Number(parts[1] ?? 0) * 60 + Number(parts[2] ?? 0)) * 60 + Number(parts[3].replace(",", "."))) * 1000);
};
