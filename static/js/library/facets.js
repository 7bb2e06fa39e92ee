// The library's facets. Each is counted while it is open: when somebody opens it, and when the results changed. On a wide
// window the most used ones are open from the start.

const OPEN_WHERE_WIDE = ["facet-person", "facet-trick"];

const facets = () => document.querySelectorAll("[data-facet]");
const bodyOf = (facet) => facet.querySelector("[data-facet-body]");
const count = (facet) => htmx.trigger(bodyOf(facet), "count");

const isCounting = (facet) => bodyOf(facet).classList.contains("htmx-request");

document.addEventListener("toggle", ({ target }) => { // also of one that the page came with open
  if (target.matches?.("[data-facet]") && target.open && !isCounting(target)) count(target);
}, true);

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-facet-find]")) event.stopPropagation(); // what is typed there is no search of clips
  const facet = event.target.closest?.("[data-facet]");
  if (!facet) return;
  if (isCounting(facet)) htmx.trigger(bodyOf(facet), "htmx:abort"); // its answer would not know of this tick
  const chosen = facet.querySelectorAll(":checked").length;
  const said = facet.querySelector("[data-facet-count]");
  said.textContent = chosen;
  said.hidden = !chosen;
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("[data-facet-find]")) return;
  event.preventDefault(); // it takes the first choice; the form is not sent
  event.target.closest("[data-facet]").querySelector("[type=checkbox]:not(:checked)")?.click();
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target?.id !== "results") return; // none when an older state of the page comes back
  for (const facet of facets()) {
    const writes = document.activeElement?.matches("[data-facet-find]") && facet.contains(document.activeElement);
    if (facet.open && !writes) count(facet);
  }
});

document.addEventListener("DOMContentLoaded", () => { // htmx listens since then
  const isWide = matchMedia("(min-width: 60.01rem)").matches;
  for (const facet of facets()) {
    // They come open, so that on a wide window nothing moves; elsewhere all of them lie in a box that is closed yet.
    if (!isWide && OPEN_WHERE_WIDE.includes(facet.id) && !facet.querySelector(":checked")) facet.open = false;
    else if (facet.open) count(facet);
  }
});
