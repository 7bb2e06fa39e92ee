// A moment's own page: its preview, which comes without buttons because other pages have their own, can be played here.

function letPlay() {
  for (const video of document.querySelectorAll("[data-moment] [data-preview-video]")) video.controls = true;
}

document.body.addEventListener("htmx:load", letPlay);
letPlay();
