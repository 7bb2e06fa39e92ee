// A press counts even when an answer draws the button anew between the finger going down and coming up: the browser
// gives no click then, as it ended on another element than it began on.

const SENDS = ["id", "hx-post", "hx-get", "href"];
const CLICK_COMES_MS = 50; // by then the browser has given the click, if it does

let down = null;

/** The element that has taken the place of `gone` under the pointer. */
function successor(gone, { clientX, clientY }) {
  const now = document.elementFromPoint(clientX, clientY)?.closest(gone.localName);
  const key = SENDS.find((name) => gone.hasAttribute(name));
  return key && now?.getAttribute(key) === gone.getAttribute(key) ? now : null;
}

document.addEventListener("pointerdown", (event) => {
  const plain = event.isPrimary && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  down = plain ? event.target.closest("button, a") : null;
}, true);

document.addEventListener("click", () => { down = null; }, true);
document.addEventListener("pointercancel", () => { down = null; }, true);

document.addEventListener("pointerup", (event) => {
  const gone = down;
  if (!gone || gone.isConnected) return;
  setTimeout(() => {
    if (down !== gone) return;
    down = null;
    successor(gone, event)?.click();
  }, CLICK_COMES_MS);
}, true);
