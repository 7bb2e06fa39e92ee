// The page behind a link to several clips: plays them, and takes in those that were still being prepared.

import { Keys } from "../sorting/keys.js";
import { ReelPlayer } from "./player.js";

const ASK_AGAIN_MS = 8_000;

const page = document.querySelector("[data-shared-page]");

if (page.querySelector("[data-reel-player]")) {
  const player = new ReelPlayer(page);
  const keys = new Keys(page, (name) => (name === "help" ? keys.showHelp() : player.act(name)));

  page.addEventListener("click", (event) => {
    const card = event.target.closest("[data-open-clip]")?.closest("[data-reel-clip][data-src]");
    if (!card) return;
    player.show(card, { play: true });
    page.querySelector("[data-reel-player]").scrollIntoView({ block: "nearest" });
  });

  // Of the clips and the films one plays at a time.
  const films = [...page.querySelectorAll(".shared-film")];
  for (const film of films) film.addEventListener("play", () => player.pause());
  for (const screen of player.screens) screen.addEventListener("play", () => films.forEach((film) => film.pause()));

  const ask = async () => {
    if (page.dataset.waiting === "0") return;
    const response = document.visibilityState === "visible" ? await fetch(`${location.pathname}?again`).catch(() => null) : null;
    if (response?.ok) take(new DOMParser().parseFromString(await response.text(), "text/html"));
    setTimeout(ask, ASK_AGAIN_MS);
  };

  const take = (fresh) => {
    const now = fresh.querySelector("[data-shared-page]")?.dataset.waiting;
    if (now === undefined || now === page.dataset.waiting || player.playing) return;
    page.dataset.waiting = now;
    for (const part of ["[data-reel-strip]", "[data-preparing]"]) {
      page.querySelector(part).replaceWith(document.importNode(fresh.querySelector(part), true));
    }
    player.refresh();
  };

  setTimeout(ask, ASK_AGAIN_MS);
}
