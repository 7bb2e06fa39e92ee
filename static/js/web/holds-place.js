// What a poll finds done leaves its place empty until the page is opened anew: nothing below it jumps up, and nothing in the
// picture down, under somebody who reads or is about to press.

const HOLDERS = ["home-now", "home-status"];
const rules = new CSSStyleSheet(); // and no style of the parts themselves: htmx would copy that into the new ones
document.adoptedStyleSheets.push(rules);

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "home-now" || !detail.shouldSwap) return;
  // Where somebody pressed a button, what they wanted gone is gone.
  rules.replaceSync(detail.requestConfig.verb === "get" ? HOLDERS.map(held).join("\n") : "");
});

let width = window.innerWidth;
window.addEventListener("resize", () => {
  if (window.innerWidth === width) return; // only a phone's bar that comes and goes
  width = window.innerWidth;
  rules.replaceSync("");
});

function held(id) {
  const height = document.getElementById(id)?.offsetHeight;
  return height ? `#${id} { display: grid; min-height: ${height}px; }` : "";
}
