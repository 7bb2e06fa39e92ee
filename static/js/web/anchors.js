// Opens what is folded up when the address or a link names it; a browser only scrolls to it.

const open = (hash) => {
  const named = hash && document.getElementById(decodeURIComponent(hash.slice(1)));
  if (named instanceof HTMLDetailsElement) named.open = true;
};

addEventListener("hashchange", () => open(location.hash));
// A link to what the address names already changes no address.
document.addEventListener("click", (event) => open(event.target.closest("a[href^='#']")?.hash));
open(location.hash);
