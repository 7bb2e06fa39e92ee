// Other cameras' videos of what a card shows. One of them is on screen; the others lie ready behind it and are switched to
// at the same instant. All times stay those of the card's own video: another one is data-shift-ms later (see player.js).
// Loaded with the first card that has any.

const placesOf = (card) => [...card.querySelectorAll("[data-angle]")];
const isOn = ({ dataset }) => !("angleOff" in dataset);
const isLeft = ({ dataset }) => "angleLeft" in dataset;
const someAreLeft = (places) => places.some(isLeft);

/** Let the buttons say what a keep would do with the angle on screen. */
function drawButtons(card, places) {
  const isAlone = "angleOnly" in card.dataset && !someAreLeft(places);
  card.querySelector("[data-do=angle-only]").setAttribute("aria-pressed", String(isAlone));
  card.querySelector("[data-angle-leave]")?.setAttribute("aria-pressed", String(isLeft(places.find(isOn))));
}

export class Angles {
  /** @param {object} page the sort page: player */
  constructor(page) {
    this.page = page;
    document.addEventListener("click", ({ target, detail }) => {
      const card = target.closest("[data-angle-leave]")?.closest("[data-card]");
      if (!card) return;
      this.#toggleLeft(card);
      if (detail) card.focus({ preventScroll: true }); // after a pointer's click Enter keeps, and does not press it again
    });
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
    if ("angleOnly" in card.dataset && !someAreLeft(places)) card.dataset.angleOnly = places[number].dataset.angle;
    card.querySelector("[data-angle-name]").textContent = places[number].dataset.name;
    card.querySelector("[data-angle-number]").textContent = `${number + 1}/${places.length}`;
    drawButtons(card, places);
    player.attach(card, player.span, atMs);
  }

  /** Keep the angle on screen alone, or all of them again. */
  toggleOnly(card) {
    const places = placesOf(card);
    if (places.length < 2) return;
    const isAlone = "angleOnly" in card.dataset && !someAreLeft(places);
    for (const place of places) delete place.dataset.angleLeft;
    if (isAlone) delete card.dataset.angleOnly;
    else card.dataset.angleOnly = places.find(isOn).dataset.angle;
    drawButtons(card, places);
  }

  /** Leave the angle on screen out of a keep, or take it in again; the last one stays in. */
  #toggleLeft(card) {
    const places = placesOf(card);
    const here = places.find(isOn);
    const kept = places.filter((place) => (place === here ? isLeft(place) : !isLeft(place)));
    if (!kept.length) return;
    here.toggleAttribute("data-angle-left");
    if (kept.length === places.length) delete card.dataset.angleOnly;
    else card.dataset.angleOnly = kept.map(({ dataset }) => dataset.angle).join(" ");
    drawButtons(card, places);
  }
}
