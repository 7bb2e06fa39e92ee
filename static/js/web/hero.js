// Plays the newest session's best clip behind its name, without sound, again and again; a button stops it.

const picture = document.querySelector("[data-hero]");
const button = document.querySelector("[data-hero-pause]");
const wantsNoMotion = window.matchMedia("(prefers-reduced-motion: reduce)").matches || navigator.connection?.saveData;
const { src, startS, endS, slowDown } = picture.dataset;
const video = document.createElement("video");
let isStopped = wantsNoMotion;

Object.assign(video, { muted: true, playsInline: true, preload: "auto", tabIndex: -1 });
const toStart = () => { video.currentTime = Number(startS); };
video.addEventListener("loadedmetadata", toStart);
video.addEventListener("timeupdate", () => video.currentTime >= Number(endS) && toStart());
video.addEventListener("ended", () => { toStart(); play(); });
// Shown when it moves, so that no black picture comes between.
video.addEventListener("playing", () => picture.setAttribute("data-playing", ""), { once: true });
video.addEventListener("error", () => { button.hidden = true; video.remove(); });
video.defaultPlaybackRate = video.playbackRate = Number(slowDown);

function play() {
  if (isStopped) return;
  if (!video.src) {
    video.src = src;
    picture.append(video);
  }
  video.play().catch(() => undefined); // a browser that saves power plays nothing by itself
}

function show() {
  button.toggleAttribute("data-stopped", isStopped);
  const label = isStopped ? button.dataset.playLabel : button.dataset.pauseLabel;
  button.setAttribute("aria-label", label);
}

button.dataset.pauseLabel = button.getAttribute("aria-label");
button.hidden = false;
show();
button.addEventListener("click", () => {
  isStopped = !isStopped;
  show();
  if (isStopped) video.pause();
  else play();
});
new IntersectionObserver(([seen]) => (seen.isIntersecting ? play() : video.pause())).observe(picture);
document.addEventListener("visibilitychange", () => (document.hidden ? video.pause() : play()));
