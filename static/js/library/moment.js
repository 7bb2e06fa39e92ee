// A moment's own page: its preview, which comes without buttons because other pages have their own, can be played here,
// from where the moment begins.

function letPlay() {
  for (const video of document.querySelectorAll("[data-moment] [data-preview-video]:not([controls])")) {
    const { startMs, previewStartMs, slowDown } = video.dataset;
    video.controls = true;
    const begin = () => { video.currentTime = (slowDown * (startMs - previewStartMs)) / 1000; };
    if (video.readyState >= 1) begin();
    else video.addEventListener("loadedmetadata", begin, { once: true });
  }
}

document.body.addEventListener("htmx:load", letPlay);
letPlay();
