"""Tests that all pictures made of rotated and mirrored files follow their display matrix."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from clips.media.cut.clip import cut
from clips.media.probe import probe
from clips.media.render.filmstrip import make_filmstrip
from clips.media.render.poster import make_posters
from clips.media.render.preview import make_preview
from clips.media.render.share_copy import make_share_copy
from clips.tests.browser import open_page
from clips.tests.media.grey import frame_of, luma_of
from clips.tests.media.test_cut_browser import served  # noqa: F401 - a fixture
from detection.decode.pictures import SmallGrey

#: Luminance at the corners of the coded picture: top left, top right, bottom left, bottom right.
LEVELS = (40, 100, 160, 220)
#: Degrees counter-clockwise, and whether the picture is mirrored left to right before.
EIGHT = [(rotation, flip) for rotation in (0, 90, 180, -90) for flip in (False, True)]
NAMES = [f"{rotation}{' mirrored' if flip else ''}" for rotation, flip in EIGHT]
ONE = 1 << 16


def matrix_of(rotation: int, flip: bool) -> tuple[int, int, int, int]:
    """Return the transform of a point: x' = a x + c y, y' = b x + d y, with y pointing down, as (a, b, c, d)."""
    turned = np.linalg.matrix_power(np.array([[0, 1], [-1, 0]]), rotation // 90 % 4)  # counter-clockwise
    return tuple(int(n) for n in (turned @ np.diag([-1 if flip else 1, 1])).T.ravel())


def corners_shown(rotation: int, flip: bool) -> tuple[int, ...]:
    """Return the luminance at the corners as they should be shown."""
    a, b, c, d = matrix_of(rotation, flip)
    shown = {}
    for level, (x, y) in zip(LEVELS, [(-1, -1), (1, -1), (-1, 1), (1, 1)], strict=True):
        shown[b * x + d * y, a * x + c * y] = level
    return tuple(shown[place] for place in sorted(shown))


def corners_of(luma: np.ndarray) -> tuple[int, ...]:
    """Return the luminance at the corners of a grey picture [shape=(height, width)], as the nearest of ``LEVELS``."""
    height, width = luma.shape
    found = [luma[y * height // 8, x * width // 8] for y in (1, 7) for x in (1, 7)]
    return tuple(min(LEVELS, key=lambda level: abs(level - int(value))) for value in found)


def make_turned(path: Path, rotation: int, flip: bool, *, codec="libx264", pixel_aspect=Fraction(1)) -> Path:
    """Write three pictures of 128 × 96 px with the matrix patched in, independent of any writer."""
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=25)
        video.width, video.height, video.pix_fmt = 128, 96, "yuv420p"
        video.sample_aspect_ratio = video.codec_context.sample_aspect_ratio = pixel_aspect
        video.options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        for number in range(3):
            luma = np.kron(np.reshape(LEVELS, (2, 2)), np.ones((48, 64))).astype(np.uint8)
            frame = frame_of(luma)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    content = bytearray(path.read_bytes())
    a, b, c, d = (ONE * value for value in matrix_of(rotation, flip))
    at = content.index(b"tkhd") + 4 + 40
    content[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def first_luma(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return luma_of(next(container.decode(video=0)))


@pytest.mark.parametrize(("rotation", "flip"), EIGHT, ids=NAMES)
def test_every_picture_is_turned_and_mirrored_as_the_file_says(tmp_path, rotation, flip):
    source = make_turned(tmp_path / "source.mp4", rotation, flip)
    preview, share, poster, strip = (tmp_path / name for name in ("p.mp4", "s.mp4", "p.jpg", "s.jpg"))
    make_preview(str(source), str(preview), 0, 100)
    make_share_copy(str(source), str(share), 0, 100)
    make_posters(str(source), [{"at_ms": 50, "out": str(poster)}])
    tiles = make_filmstrip(str(source), str(strip))
    with av.open(str(source)) as container:
        frame = next(container.decode(video=0))
        seen_by_detector = SmallGrey(frame)(frame)
    tile = first_luma(strip)[: tiles["tile_height_px"], : tiles["tile_width_px"]]
    wanted = corners_shown(rotation, flip)
    is_upright = (96, 128) if rotation in (0, 180) else (128, 96)
    for picture in (first_luma(preview), first_luma(share), first_luma(poster), tile, seen_by_detector):
        assert corners_of(picture) == wanted
        assert (picture.shape[0] < picture.shape[1]) == (is_upright[0] < is_upright[1])
    found = probe(str(source))
    assert (found["rotation"] % 360, found["flip"]) == (rotation % 360, flip)


@pytest.mark.parametrize(("rotation", "flip"), EIGHT, ids=NAMES)
def test_a_clip_keeps_the_matrix(tmp_path, rotation, flip):
    clip = tmp_path / "clip.mp4"
    cut(str(make_turned(tmp_path / "source.mov", rotation, flip)), str(clip), 0, 100)
    content = clip.read_bytes()
    at = content.index(b"tkhd") + 4 + 40
    a, b, _, c, d = (value / ONE for value in struct.unpack(">5i", content[at : at + 20]))
    assert (a, b, c, d) == matrix_of(rotation, flip)


@pytest.mark.parametrize(("rotation", "flip"), [(0, True), (90, True), (-90, False)])
def test_pixels_that_are_wider_than_high_are_widened_before_the_turn(tmp_path, rotation, flip):
    source = make_turned(tmp_path / "source.mp4", rotation, flip, pixel_aspect=Fraction(4, 3))
    found = make_preview(str(source), str(tmp_path / "p.mp4"), 0, 100)
    assert sorted((found["width_px"], found["height_px"])) == [96, 170]
    assert corners_of(first_luma(tmp_path / "p.mp4")) == corners_shown(rotation, flip)
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        small = SmallGrey(frame, stream.sample_aspect_ratio)(frame)
    assert sorted(small.shape) == [54, 96]
    assert corners_of(small) == corners_shown(rotation, flip)


@pytest.mark.slow
def test_hevc_is_mirrored_alike(tmp_path):
    source = make_turned(tmp_path / "source.mov", 180, True, codec="libx265")
    make_preview(str(source), str(tmp_path / "p.mp4"), 0, 100)
    assert corners_of(first_luma(tmp_path / "p.mp4")) == corners_shown(180, True)


def test_a_matrix_that_shows_nothing_counts_as_none(tmp_path):
    source = make_turned(tmp_path / "source.mp4", 0, False)
    content = bytearray(source.read_bytes())
    at = content.index(b"tkhd") + 4 + 40
    content[at : at + 20] = bytes(20)
    source.write_bytes(content)
    found = probe(str(source))
    assert (found["rotation"], found["flip"]) == (0, False)
    make_preview(str(source), str(tmp_path / "p.mp4"), 0, 100)
    assert corners_of(first_luma(tmp_path / "p.mp4")) == LEVELS


PAGE = """<!doctype html><link rel="icon" href="data:,"><video muted></video><script>
async function cornersOf(url) {
  const video = document.querySelector("video");
  const shown = new Promise((done) => video.requestVideoFrameCallback(done));
  video.src = url;
  await shown;
  const canvas = Object.assign(document.createElement("canvas"), {width: video.videoWidth, height: video.videoHeight});
  const draw = canvas.getContext("2d", {willReadFrequently: true});
  draw.drawImage(video, 0, 0, canvas.width, canvas.height);
  const at = (x, y) => draw.getImageData(Math.floor(canvas.width * x / 8), Math.floor(canvas.height * y / 8), 1, 1);
  return [canvas.width, canvas.height, ...[[1, 1], [7, 1], [1, 7], [7, 7]].map(([x, y]) => at(x, y).data[1])];
}
</script>"""


@pytest.mark.slow
def test_a_browser_shows_the_original_as_we_show_the_preview(served, chromium, tmp_path, subtests):  # noqa: F811
    folder, address = served
    (folder / "index.html").write_text(PAGE)
    with open_page(chromium, address) as page:
        page.goto("/")
        for (rotation, flip), name in zip(EIGHT, NAMES, strict=True):
            source = make_turned(folder / f"{name}.mp4", rotation, flip)
            make_preview(str(source), str(folder / f"{name}.preview.mp4"), 0, 100)
            original, preview = (
                page.evaluate("(url) => cornersOf(url)", f"{name}{end}") for end in (".mp4", ".preview.mp4")
            )
            with subtests.test(name):
                assert original[:2] == preview[:2]
                assert corners_in_a_browser(original) == corners_in_a_browser(preview) == corners_shown(rotation, flip)


def corners_in_a_browser(shown: list[int]) -> tuple[int, ...]:
    greys = [(value * 219 / 255) + 16 for value in shown[2:]]
    return tuple(min(LEVELS, key=lambda level: abs(level - grey)) for grey in greys)
