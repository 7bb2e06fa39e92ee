// The library's facets. Each is counted while it is open: when somebody opens it, and when the results changed. On a wide
// window the most used ones are open from the start.

const OPEN_WHERE_WIDE = ["facet-person", "facet-trick"];

const facets = () => document.querySelectorAll("[data-facet]");
const bodyOf = (facet) => facet.querySelector("[data-facet-body]");
const count = (facet) => htmx.trigger(bodyOf(facet), "count");

document.addEventListener("toggle", ({ target }) => {
  if (target.matches?.("[data-facet]") && target.open) count(target);
}, true);

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-facet-find]")) event.stopPropagation(); // what is typed there is no search of clips
  const facet = event.target.closest?.("[data-facet]");
  if (!facet) return;
  htmx.trigger(bodyOf(facet), "htmx:abort"); // an answer under way does not know of this tick
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
  if (detail.target.id !== "results") return;
  for (const facet of facets()) {
    const writes = document.activeElement?.matches("[data-facet-find]") && facet.contains(document.activeElement);
    if (facet.open && !writes) count(facet);
  }
});

document.addEventListener("DOMContentLoaded", () => { // htmx listens since then
  const isWide = matchMedia("(min-width: 60.01rem)").matches;
  for (const facet of facets()) {
    if (facet.open) count(facet);
    else if (isWide && OPEN_WHERE_WIDE.includes(facet.id)) facet.open = true;
  }
});
