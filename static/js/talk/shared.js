// Comments and reactions on the page of a link to several clips: they follow the clip that the player shows.

document.addEventListener("clip-shown", ({ detail }) => {
  const about = document.querySelector("#comment-about");
  const text = document.querySelector("#comment-text");
  const isKnown = about && [...about.options].some((option) => option.value === detail.id);
  if (isKnown && !text.value) about.value = detail.id;
  const { reactionsUrl } = document.querySelector("#reactions")?.dataset ?? {};
  if (reactionsUrl) window.htmx?.ajax("GET", `${reactionsUrl}${detail.id}`, { target: "#reactions", swap: "outerHTML" });
});
