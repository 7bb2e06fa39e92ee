"""Measures on the sort page how long it takes from the key to another angle's picture."""

#: Waits for the next key and notes when another angle's video shows the instant that was on screen, or as much later as
#: it took: two pictures of 30 a second more or less, for the one on screen may be about to change.
ARM = """() => {
  const onScreen = () => document.querySelector('[data-current] [data-preview-video]:not([data-angle-off] *)');
  const shiftMs = (video) => Number(video.closest('[data-shift-ms]')?.dataset.shiftMs ?? 0);
  const instantMs = (video, s) =>
    Number(video.dataset.previewStartMs) + (1000 * s) / Number(video.dataset.slowDown) - shiftMs(video);
  const noted = {};
  window.noted = noted;
  document.addEventListener('keydown', ({ timeStamp }) => {
    const before = onScreen();
    const fromMs = instantMs(before, before.currentTime);
    const look = () => {
      const video = onScreen();
      if (video === before) return requestAnimationFrame(look);
      const frame = (now, { mediaTime }) => {
        const laterMs = instantMs(video, mediaTime) - fromMs;
        if (laterMs < -67 || laterMs > now - timeStamp + 67) return video.requestVideoFrameCallback(frame);
        noted.switched = now - timeStamp;
      };
      video.requestVideoFrameCallback(frame);
    };
    look();
  }, { capture: true, once: true });
}"""
#: That the card on top has angles, all of them loaded, and plays far from its end, where it begins anew.
CAN_SWITCH = """() => {
  const card = document.querySelector('[data-current]');
  const videos = [...card.querySelectorAll('[data-angle] [data-preview-video]')];
  const video = videos.find((one) => !one.closest('[data-angle-off]'));
  const ends = Number(card.querySelector('[name=end_ms]').value);
  const shiftMs = Number(video.closest('[data-shift-ms]')?.dataset.shiftMs ?? 0);
  const atMs = Number(video.dataset.previewStartMs) + (1000 * video.currentTime) / Number(video.dataset.slowDown);
  return videos.every((one) => one.readyState >= 3) && !video.paused && !video.seeking && atMs - shiftMs < ends - 1000;
}"""


def times_of_switches(page, n: int, *, every_s: float) -> list[float]:
    """Go through the angles of the card on top of a sort page, and return how many ms each took.

    Parameters
    ----------
    page : playwright.sync_api.Page
    n : int
        How many times; none where the card has no other angle.
    every_s : float
        Seconds between two.
    """
    times_ms: list[float] = []
    if not page.locator("[data-card][data-current] [data-angle]").count():
        return times_ms
    for _ in range(n):
        page.wait_for_timeout(1000 * every_s)
        page.evaluate("() => document.querySelector('[data-card][data-current]').focus()")
        page.wait_for_function(CAN_SWITCH)
        page.evaluate(ARM)
        page.keyboard.press("d")
        page.wait_for_function("() => window.noted.switched !== undefined")
        times_ms.append(page.evaluate("() => window.noted.switched"))
    return times_ms
