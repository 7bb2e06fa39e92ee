// Plays a clip's stretch of video in its picture while it is pointed at or focused; before that nothing is loaded.

const DELAY_MS = 120; // passing over is not pointing at
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
let waiting = 0;
let playing = null;

function begin(link) {
  const media = link.querySelector("[data-hover-src]");
  if (!media || playing?.link === link || still.matches) return;
  end();
  playing = { link, video: null };
  waiting = setTimeout(() => { playing.video = show(media); }, DELAY_MS);
}

function show(media) {
  const { hoverSrc, startS, endS, slowDown } = media.dataset;
  const video = document.createElement("video");
  Object.assign(video, { muted: true, playsInline: true, preload: "auto", tabIndex: -1 });
  video.setAttribute("aria-hidden", "true");
  const toStart = () => { video.currentTime = Number(startS); };
  video.addEventListener("loadedmetadata", toStart);
  video.addEventListener("timeupdate", () => video.currentTime >= Number(endS) && toStart());
  video.addEventListener("ended", () => { toStart(); video.play().catch(() => undefined); });
  // Shown when it moves, so that no black picture comes between.
  video.addEventListener("playing", () => media.setAttribute("data-playing", ""), { once: true });
  video.addEventListener("error", end);
  video.src = hoverSrc;
  // What comes slowed down runs as fast as it was: this is a look, and all others in the list do.
  video.defaultPlaybackRate = video.playbackRate = Number(slowDown ?? 1);
  media.append(video);
  video.play().catch(() => undefined); // taken away before it began
  return video;
}

function end() {
  clearTimeout(waiting);
  const video = playing?.video;
  playing = null;
  if (!video) return;
  video.parentElement?.removeAttribute("data-playing");
  video.removeAttribute("src");
  video.load(); // ends the download
  video.remove();
}

const linkOf = (event) => event.target instanceof Element && event.target.closest("[data-plays-on-hover]");

document.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return;
  const link = linkOf(event);
  if (link) begin(link);
  else if (playing && !playing.link.matches(":focus")) end();
});
document.addEventListener("pointerleave", end);
document.addEventListener("focusin", (event) => {
  const link = linkOf(event);
  if (link?.matches(":focus-visible")) begin(link);
});
document.addEventListener("focusout", (event) => linkOf(event) && end());
document.addEventListener("visibilitychange", () => document.hidden && end());
document.addEventListener("htmx:beforeSwap", end);
