// The library's facets: what is typed to find a choice is no search of clips, and a facet stays open, and its box as it
// was, when the server counts anew.

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-facet-find]")) event.stopPropagation();
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.("[data-facet-find]")) {
    event.preventDefault(); // it takes the only choice there is, or the first
    event.target.closest("[data-facet]").querySelector("[type=checkbox]:not(:checked)")?.click();
  }
});

document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  if (detail.target.id !== "facets") return;
  for (const facet of detail.target.querySelectorAll("[data-facet]")) {
    const fresh = detail.fragment.querySelector(`#${facet.id}`);
    if (fresh) fresh.open = facet.open;
  }
});
