"""Draws titles, names and cards of text, and lays them over pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from clips.media.reel.fit import as_bt709, from_planes, planes_of

#: The site's own type (SIL Open Font License), each file with a part of the letters.
_LATIN, _LATIN_EXT = (f"bricolage-grotesque-{part}-wght-normal.woff2" for part in ("latin", "latin-ext"))
_BOLD, _PLAIN = 700, 500
_WHITE, _ACCENT, _MUTED = (255, 255, 255), (255, 214, 92), (190, 200, 210)
_GROUND = (11, 15, 20)
#: Of the shorter side.
_HEADING, _TITLE, _NAME, _TRICK, _LINE = 0.085, 0.056, 0.052, 0.038, 0.036
_MARGIN = 0.06
#: How far above the lower edge names stand: what apps write over an upright film covers its lower fifth.
_LOWER_WIDE, _LOWER_UPRIGHT = 0.08, 0.21
_BT709 = np.array([[0.2126, 0.7152, 0.0722], [-0.1146, -0.3854, 0.5], [0.5, -0.4542, -0.0458]])


@dataclass(frozen=True)
class Overlay:
    """Text with the picture that it is laid over: planes of luma and colour differences, and how much covers."""

    left_px: int
    top_px: int
    planes: tuple[np.ndarray, ...]
    #: 0 to 1, for luma and for colour differences.
    covers: tuple[np.ndarray, np.ndarray]

    def over(self, picture: VideoFrame, strength: float = 1.0) -> VideoFrame:
        """Return a yuv420p picture with the text on it."""
        if strength <= 0:
            return picture
        drawn = []
        for number, plane in enumerate(planes_of(picture)):
            half = 2 if number else 1
            text, covers = self.planes[number], self.covers[min(1, number)] * strength
            top, left = self.top_px // half, self.left_px // half
            whole = plane.copy()
            there = whole[top : top + text.shape[0], left : left + text.shape[1]]
            there[:] = np.round(there + covers * (text - there)).astype(np.uint8)
            drawn.append(whole)
        return as_bt709(from_planes(drawn))


def names_overlay(
    names: Sequence[str], width_px: int, height_px: int, *, fonts: Path, above_title: bool = False
) -> Overlay | None:
    """Return rider and trick for the lower left; None where there is nothing to say."""
    said = [name for name in names if name]
    if not said:
        return None
    short = min(width_px, height_px)
    lines = [_Line(said[0], _NAME * short, _BOLD, _WHITE, fonts)]
    lines += [_Line(name, _TRICK * short, _PLAIN, _ACCENT, fonts) for name in said[1:]]
    lower = (_LOWER_UPRIGHT if height_px > width_px else _LOWER_WIDE) + (0.1 if above_title else 0)
    return _overlay(lines, width_px, height_px, lower=lower, is_centred=False)


def title_overlay(title: str, width_px: int, height_px: int, *, fonts: Path) -> Overlay | None:
    """Return a clip's title for the lower middle; None where it has none."""
    if not title:
        return None
    short = min(width_px, height_px)
    lower = _LOWER_UPRIGHT - 0.06 if height_px > width_px else _LOWER_WIDE - 0.02
    return _overlay(
        [_Line(title, _TITLE * short, _BOLD, _WHITE, fonts)], width_px, height_px, lower=lower, is_centred=True
    )


def card_picture(heading: str, lines: Sequence[str], width_px: int, height_px: int, *, fonts: Path) -> VideoFrame:
    """Return a picture of text on a dark ground."""
    short = min(width_px, height_px)
    text = [_Line(heading, _HEADING * short, _BOLD, _WHITE, fonts)]
    text += [_Line(line, _LINE * short, _PLAIN, _MUTED, fonts) for line in lines if line]
    drawn = _drawn(text, round(width_px * (1 - 2 * _MARGIN)), is_centred=True, has_shadow=False)
    if drawn.height > height_px:
        drawn = drawn.crop((0, 0, drawn.width, height_px))
    whole = Image.new("RGB", (width_px, height_px), _GROUND)
    whole.paste(drawn, ((width_px - drawn.width) // 2, (height_px - drawn.height) // 2), drawn)
    luma, *chroma = _yuv(np.asarray(whole, dtype=float))
    planes = [np.round(plane).astype(np.uint8) for plane in (luma, *(_halved(each) for each in chroma))]
    return as_bt709(from_planes(planes))


@dataclass(frozen=True)
class _Line:
    text: str
    size_px: float
    weight: int
    colour: tuple[int, int, int]
    #: The folder of the files.
    fonts: Path


def _overlay(lines: list[_Line], width_px: int, height_px: int, *, lower: float, is_centred: bool) -> Overlay:
    margin_px = round(_MARGIN * width_px)
    drawn = _drawn(lines, width_px - 2 * margin_px, is_centred=is_centred, has_shadow=True)
    left_px = (width_px - drawn.width) // 2 if is_centred else margin_px
    top_px = max(0, round(height_px * (1 - lower)) - drawn.height)
    left_px, top_px = left_px // 2 * 2, top_px // 2 * 2
    rgba = np.asarray(drawn, dtype=float)[: height_px - top_px, : width_px - left_px]
    luma, *chroma = _yuv(rgba[..., :3])
    covers = rgba[..., 3] / 255
    return Overlay(left_px, top_px, (luma, *(_halved(each) for each in chroma)), (covers, _halved(covers)))


def _drawn(lines: list[_Line], width_px: int, *, is_centred: bool, has_shadow: bool) -> Image.Image:
    """Return lines of text below each other on nothing; a line that is too long is broken, or made smaller."""
    rows = [row for line in lines for row in _fitting(line, width_px)]
    pad_px = max(2, round(max(line.size_px for line in lines) * 0.35))
    heights = [round(row.size_px * 1.28) for row in rows]
    lengths = [_length_px(row) for row in rows]
    size = (round(max(lengths)) + 2 * pad_px + 3) // 4 * 4, (sum(heights) + 2 * pad_px + 3) // 4 * 4
    text = Image.new("RGBA", size, (0, 0, 0, 0))
    pen, top_px = ImageDraw.Draw(text), float(pad_px)
    for row, height, length in zip(rows, heights, lengths, strict=True):
        left_px = (size[0] - length) / 2 if is_centred else float(pad_px)
        for font, run in _runs(row):
            pen.text((left_px, top_px + row.size_px), run, font=font, fill=row.colour, anchor="ls")
            left_px += font.getlength(run)
        top_px += height
    if not has_shadow:
        return text
    shadow = Image.new("RGBA", size, (0, 0, 0, 0))
    blurred = text.getchannel("A").filter(ImageFilter.GaussianBlur(pad_px / 4))
    shadow.putalpha(blurred.point(lambda level: min(255, round(level * 1.6))))
    return Image.alpha_composite(shadow, text)


def _fitting(line: _Line, width_px: int) -> list[_Line]:
    """Return a line as rows that are no wider than this: broken between words, and smaller where a word is too long."""
    rows: list[str] = []
    for word in line.text.split():
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and _length_px(replace(line, text=longer)) <= width_px:
            rows[-1] = longer
        else:
            rows.append(word)
    fitting = []
    for text in rows:
        length_px = _length_px(replace(line, text=text))
        smaller = min(1.0, width_px / length_px) if length_px else 1.0
        fitting.append(replace(line, text=text, size_px=line.size_px * smaller))
    return fitting


def _length_px(line: _Line) -> float:
    return sum(font.getlength(run) for font, run in _runs(line))


def _runs(line: _Line) -> list[tuple[ImageFont.FreeTypeFont, str]]:
    """Return a line in pieces that one font file has the letters of."""
    runs: list[tuple[ImageFont.FreeTypeFont, str]] = []
    for letter in line.text:
        font = _font(line.fonts / (_LATIN if _is_latin(letter) else _LATIN_EXT), round(line.size_px), line.weight)
        if runs and runs[-1][0] is font:
            runs[-1] = font, runs[-1][1] + letter
        else:
            runs.append((font, letter))
    return runs


def _is_latin(letter: str) -> bool:
    """Return whether a letter is in the first of the two files, as the site's style sheet divides them."""
    point = ord(letter)
    return (
        point <= 0xFF
        or point in {0x131, 0x152, 0x153, 0x2C6, 0x2DA, 0x2DC}
        or 0x2000 <= point <= 0x206F
        or point in {0x20AC, 0x2122}
    )


@cache
def _font(path: Path, size_px: int, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(path, max(6, size_px))
    font.set_variation_by_axes([weight])
    return font


def _yuv(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    luma, blue, red = np.moveaxis(rgb / 255 @ _BT709.T, -1, 0)
    return 16 + 219 * luma, 128 + 224 * blue, 128 + 224 * red


def _halved(plane: np.ndarray) -> np.ndarray:
    halved: np.ndarray = plane.reshape(plane.shape[0] // 2, 2, plane.shape[1] // 2, 2).mean(axis=(1, 3))
    return halved
