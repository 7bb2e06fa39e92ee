// Moments that are made while sorting: one split in two, or a new one anywhere in the video. Loaded with the first of them.

const LEAST_MS = 100; // as the server has it
const MADE_MS = 4000;

export class Making {
  /** @param {object} page the sort page: past, player, trim, lines, status, send, endAt */
  constructor(page) {
    this.page = page;
  }

  /** Two of one: this card ends before a frame, and another one begins there. */
  split(card, at) {
    const { page } = this;
    const { segment, startMs, endMs } = card.dataset;
    if (!page.player.video || at < Number(startMs) + LEAST_MS || at > Number(endMs) - LEAST_MS) {
      return page.status.notice(page.status.words.notHere, "refused");
    }
    const key = page.send("split", segment, [["segment", segment], ["at_ms", at]]);
    page.past.push({ key, segment, endMs });
    page.endAt(card, at - 1);
    page.status.decided("split", "split");
  }

  /** A new moment where the mark on the map stands, or else around a frame. */
  add(card, frameMs) {
    const { page } = this;
    const { segment, durationMs } = card.dataset;
    const at = page.lines.map.atMs ?? (page.player.video ? frameMs : page.trim.startMs);
    const start = Math.max(0, at - MADE_MS / 2);
    const end = Math.min(Number(durationMs), start + MADE_MS);
    const key = page.send("add", segment, [["segment", segment], ["start_ms", start], ["end_ms", end]]);
    page.past.push({ key, segment });
    page.lines.map.clear();
    page.status.decided("add", "added");
  }
}
