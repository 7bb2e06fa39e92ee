// What is known of whole files, for the time-lines of their cards: asked for once for each file, and again when what
// became of its moments may be old. The browser has most of it still: an unchanged answer costs a 304.

const OLD_MS = 20000;
const files = new Map(); // address → {promise, asked_ms}

async function load(address, before) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const { marks, ...film } = await answer.json();
  const facts = { ...film, marks, text: JSON.stringify(film) };
  // What was drawn of it stays right as long as it is the same object.
  if (facts.text === before?.text && (before.picture || !film.filmstrip)) return Object.assign(before, { marks });
  if (!facts.filmstrip) return facts;
  facts.picture = before?.filmstrip?.url === facts.filmstrip.url ? before.picture : null;
  if (!facts.picture) {
    facts.picture = new Image();
    facts.picture.src = facts.filmstrip.url;
    await facts.picture.decode().catch(() => { facts.picture = null; });
  }
  return facts;
}

/** Return a promise of a card's file's facts; ``isFresh`` wants the moments as they are now. */
export function factsOf(card, { isFresh = false } = {}) {
  const address = card.dataset.timeline;
  const known = files.get(address);
  if (known && !(isFresh && performance.now() - known.asked_ms > OLD_MS)) return known.promise;
  const promise = (known?.promise ?? Promise.resolve()).then((before) => load(address, before), () => load(address));
  files.set(address, { promise, asked_ms: performance.now() });
  promise.catch(() => files.delete(address)); // asked for again with the next card
  return promise;
}

/** The number of the picture that shows a time. */
export function tileAt({ times_ms }, at_ms) {
  let [low, high] = [0, times_ms.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (times_ms[middle] <= at_ms) low = middle;
    else high = middle - 1;
  }
  return low;
}
