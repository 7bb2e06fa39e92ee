// The clip's page: its player keeps to the clip, its keys lead on, its file name can be copied.

const root = document.querySelector("[data-clip-page]");

function keepToClip(video) {
  // A preview shows more than the clip; the address fragment begins and ends it once, this makes it go round.
  const { startS, endS, slowDown } = video.dataset;
  if (endS === undefined || video.hasAttribute("data-kept")) return;
  video.setAttribute("data-kept", "");
  video.defaultPlaybackRate = video.playbackRate = Number(slowDown ?? 1); // one in slow motion runs as fast as it was
  video.addEventListener("timeupdate", () => {
    if (video.currentTime < Number(endS) - 0.02) return;
    const wasPlaying = !video.paused || video.currentTime >= Number(endS);
    video.currentTime = Number(startS);
    if (wasPlaying) video.play().catch(() => undefined);
  });
}

function offerCopy(scope) {
  if (!navigator.clipboard) return; // over plain HTTP from another machine there is none: the name can still be marked
  scope.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
}

async function copy(button) {
  await navigator.clipboard.writeText(button.parentElement.querySelector("[data-copy-text]").textContent);
  const label = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = label; }, 1500);
}

function togglePlaying() {
  const video = root.querySelector("[data-player]");
  if (!video) return;
  if (video.paused) video.play().catch(() => undefined);
  else video.pause();
}

const KEYS = {
  " ": togglePlaying,
  j: () => root.querySelector("[data-previous]")?.click(),
  k: () => root.querySelector("[data-next]")?.click(),
  e: () => root.querySelector("[data-edit]")?.click(),
  Escape: () => root.querySelector("[data-to-library]")?.click(),
};

function prepare() {
  root.querySelectorAll("[data-player]").forEach(keepToClip);
  offerCopy(root);
}

if (root) {
  prepare();
  document.body.addEventListener("htmx:afterSettle", prepare);
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, button, a, video") && event.key === " ") return;
    if (event.target.closest("input, select, textarea")) return;
    const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
