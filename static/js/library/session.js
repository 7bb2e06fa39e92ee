// A session's page: one stop per time-line with arrow keys inside it, its caption, and lists that stay open when the
// server draws their file again.

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

function markOf(event) {
  return event.target.closest?.(".mark");
}

function marksBeside(mark) {
  return [...mark.closest("[data-timeline]").querySelectorAll(".mark")];
}

function describe(event) {
  const mark = markOf(event);
  if (!mark) return;
  const caption = mark.closest("[data-timeline]").querySelector("[data-caption]");
  caption.textContent = mark.getAttribute("aria-label");
  caption.dataset.state = mark.dataset.state;
}

function goTo(mark) {
  marksBeside(mark).forEach((other) => other.setAttribute("tabindex", other === mark ? "0" : "-1"));
  mark.focus();
}

document.addEventListener("pointerover", describe);
document.addEventListener("focusin", describe);

document.addEventListener("keydown", (event) => {
  const mark = markOf(event);
  if (!mark) return;
  const marks = marksBeside(mark);
  const last = marks.length - 1;
  const places = { Home: 0, End: last };
  let place = places[event.key];
  if (event.key in STEPS) place = Math.min(last, Math.max(0, marks.indexOf(mark) + STEPS[event.key]));
  if (place === undefined) return;
  event.preventDefault();
  goTo(marks[place]);
});

document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  for (const open of detail.target.querySelectorAll("details[open]")) {
    const fresh = open.id && detail.fragment.querySelector(`#${CSS.escape(open.id)}`);
    if (fresh) fresh.open = true;
  }
});

// Details stay open on the way back to the page, as after a video went to the bin; until the tab is closed. Their videos
// are asked for when they are opened.
const details = document.getElementById("details");
if (details) {
  const key = `details ${window.location.pathname}`;
  const askForFiles = () => details.open && details.querySelector("[data-files-to-load]")?.dispatchEvent(new Event("opened"));
  const named = () => document.getElementById(window.location.hash.slice(1));
  const openForHash = () => { if (window.location.hash.startsWith("#file-")) details.open = true; };
  openForHash();
  if (details.open) sessionStorage.setItem(key, "open"); // an address led into it
  else if (sessionStorage.getItem(key)) details.open = true;
  details.addEventListener("toggle", () => {
    if (details.open) sessionStorage.setItem(key, "open");
    else sessionStorage.removeItem(key);
    askForFiles();
  });
  window.addEventListener("hashchange", openForHash);
  document.addEventListener("htmx:load", ({ target }) => {
    if (target === document.body) askForFiles(); // opened before anything listened
    else if (target.matches(".session-files") && details.contains(named())) named().scrollIntoView(); // the page was too short
  });
}
