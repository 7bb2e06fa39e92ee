// Menus that lie over a page close by Escape, by a press elsewhere, and when the keyboard walks out of them. A menu is a
// <details> whose name ends in "-menu" (an open one of that name closes by itself when another opens), or a popover.

const OPEN = 'details[open][name$="-menu"]';

function close(menu, { refocus = false } = {}) {
  menu.open = false;
  if (refocus) menu.querySelector("summary").focus({ preventScroll: true });
}

// Before the page's own keys: what Escape closes here, it does not mean there as well.
window.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]")) return;
    const menu = document.querySelector(OPEN);
    if (menu) {
      event.preventDefault();
      close(menu, { refocus: menu.contains(document.activeElement) });
    }
    // A popover the browser closes by itself.
    if (menu || document.querySelector(":popover-open")) event.stopPropagation();
  },
  true,
);

for (const leaves of ["pointerdown", "focusin"]) {
  window.addEventListener(
    leaves,
    (event) => {
      for (const menu of document.querySelectorAll(OPEN)) if (!menu.contains(event.target)) close(menu);
    },
    true,
  );
}
