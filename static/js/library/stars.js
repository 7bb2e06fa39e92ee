// Stars of one clip: each press bears a key of its own, so that a request that is sent twice rates once; and digits
// rate the clip that a page is about. An undo from the toast draws the stars again.

document.addEventListener("htmx:configRequest", ({ target, detail }) => {
  if (target.closest("[data-stars]")) detail.parameters.key = crypto.randomUUID();
});

/** Press the star of a digit on the page's one clip; 0 takes the stars away. False if there are none to press. */
export function pressStar(digit, root = document) {
  const stars = root.querySelector("[data-stars]");
  const given = Number(stars?.dataset.stars ?? 0);
  if (digit === "0" && !given) return false;
  const button = stars?.querySelectorAll("button")[(digit === "0" ? given : Number(digit)) - 1];
  if (!button || Number(digit) === given) return Boolean(button);
  button.click();
  return true;
}

/** What was undone on the page of a clip is drawn again. */
document.addEventListener("clips-changed", () => {
  const stars = document.querySelector("[data-stars]");
  const of = stars?.closest("[data-clip-page]");
  if (!of) return;
  window.htmx.ajax("GET", window.location.href, { target: `#${stars.id}`, select: `#${stars.id}`, swap: "outerHTML" });
});
