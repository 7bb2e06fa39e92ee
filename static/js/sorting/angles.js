// Other cameras' videos of what a card shows. One of them is on screen; the others lie ready behind it and are switched to
// at the same instant. All times stay those of the card's own video: another one is data-shift-ms later (see player.js).
// Loaded with the first card that has any.

const placesOf = (card) => [...card.querySelectorAll("[data-angle]")];
const isOn = ({ dataset }) => !("angleOff" in dataset);

export class Angles {
  /** @param {object} page the sort page: player */
  constructor(page) {
    this.page = page;
  }

  /** Show the next angle of a card at the instant that is on screen, or comes now because of a key just before. */
  next(card) {
    const places = placesOf(card);
    const { player } = this.page;
    if (places.length < 2) return;
    const atMs = player.video ? player.goalMs : player.span.startMs;
    const before = places.findIndex(isOn);
    const number = (before + 1) % places.length;
    places[before].dataset.angleOff = "";
    delete places[number].dataset.angleOff;
    if ("angleOnly" in card.dataset) card.dataset.angleOnly = places[number].dataset.angle;
    card.querySelector("[data-angle-name]").textContent = places[number].dataset.name;
    card.querySelector("[data-angle-number]").textContent = `${number + 1}/${places.length}`;
    player.attach(card, player.span, atMs);
  }

  /** Keep the angle on screen alone, or all of them again. */
  toggleOnly(card) {
    const places = placesOf(card);
    if (places.length < 2) return;
    if ("angleOnly" in card.dataset) delete card.dataset.angleOnly;
    else card.dataset.angleOnly = places.find(isOn).dataset.angle;
    card.querySelector("[data-do=angle-only]").setAttribute("aria-pressed", String("angleOnly" in card.dataset));
  }
}
