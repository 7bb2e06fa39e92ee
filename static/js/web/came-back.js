// Tells the page when somebody comes back to it by the browser's button: what it shows then is from before. The parts
// that may have changed since listen for "came-back" (hx-trigger).

const tell = () => document.body.dispatchEvent(new CustomEvent("came-back"));

window.addEventListener("pageshow", ({ persisted }) => {
  const [how] = performance.getEntriesByType("navigation");
  if (persisted || how?.type === "back_forward") tell();
});
