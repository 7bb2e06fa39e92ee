// The small form that adds the clip of a page to an edit: each sending bears a key, and what is refused is said in it.

document.addEventListener("htmx:configRequest", ({ detail, target }) => {
  if (target.matches("form[data-adds-to-reel]")) detail.parameters.key = crypto.randomUUID();
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const form = detail.requestConfig?.elt;
  if (!form?.matches("form[data-adds-to-reel]")) return;
  if (detail.xhr.status >= 400) {
    detail.target = form.querySelector("[data-refusal]");
    detail.swapOverride = "innerHTML";
    return;
  }
  form.querySelector("[data-refusal]").replaceChildren();
  form.closest("details").open = false;
  form.closest("details").querySelector("summary").focus({ preventScroll: true });
});

// The box for the name takes Enter for itself; with the name taken, the next Enter adds.
document.addEventListener("picked", (event) => {
  event.target.closest("form[data-adds-to-reel]")?.querySelector("[type=submit]").focus();
});
document.addEventListener("toggle", ({ target }) => {
  if (target.matches?.(".add-to-reel[open]")) target.querySelector("[data-picker-input]").focus();
}, true);
