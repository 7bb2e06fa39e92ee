// What is folded up opens when the address or a link names it (a browser only scrolls to it), and is filled also when
// somebody opened it before the scripts were there.

const open = (hash) => {
  const named = hash && document.getElementById(decodeURIComponent(hash.slice(1)));
  if (named instanceof HTMLDetailsElement) named.open = true;
};

addEventListener("hashchange", () => open(location.hash));
// A link to what the address names already changes no address.
document.addEventListener("click", (event) => open(event.target.closest("a[href^='#']")?.hash));
open(location.hash);

// htmx is told of what opens once it listens, and not of what is open by then.
document.addEventListener("htmx:load", ({ target }) => {
  for (const opened of target.querySelectorAll("details[open][hx-trigger^='toggle']")) opened.dispatchEvent(new Event("toggle"));
});
