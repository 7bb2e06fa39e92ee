// Asks once, for all files that were dropped together, to which session they belong.

import { inBytes } from "./transfer-rate.js";
import { recordedMs } from "./recorded.js";

export class Batch {
  /**
   * @param {HTMLFormElement} form with the fields and the button
   * @param {DOMStringMap} words
   * @param {(batch: {session: string, date: string}) => void} onSend
   */
  constructor(form, words, onSend) {
    Object.assign(this, { form, words });
    this.name = form.querySelector("[data-session-name]");
    this.date = form.querySelector("[data-session-date]");
    this.dateIsChosen = form.hasAttribute("data-date-is-chosen");
    this.date.addEventListener("input", () => { this.dateIsChosen = true; });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      onSend({ session: this.name.value.trim(), date: this.date.value });
    });
  }

  /** Show the question for these files, or nothing where there are none. */
  show(files) {
    const wasHidden = this.form.hidden;
    this.form.hidden = files.length === 0;
    if (!files.length) return;
    const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
    const word = files.length === 1 ? this.words.file : this.words.files;
    this.form.querySelector("[data-batch-says]").textContent = `${files.length} ${word} · ${inBytes(bytes)}`;
    if (!wasHidden) return;
    const times = files.map(({ file }) => recordedMs(file)).filter((time) => time !== null);
    if (!this.dateIsChosen && times.length) this.date.value = dayOf(times);
    if (!this.name.value) this.name.focus();
  }
}

/** Return the local day of the earliest of these times, as 2024-12-01: a night on the hill ends after midnight. */
function dayOf(timesMs) {
  const day = new Date(Math.min(...timesMs));
  const two = (number) => String(number).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}
