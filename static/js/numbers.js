// Numbers for people, as the language of the page writes them. What a machine reads is never made here.

/** Return a number with exactly so many digits after the point, or the comma. */
export function decimal(number, digits = 1) {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false };
  return number.toLocaleString(document.documentElement.lang, options);
}
