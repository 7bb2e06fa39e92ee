"""Made-up takes in which the right answer is known: a rider before a textured wall, filmed from a shaky hand."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from scipy import ndimage

WIDTH_PX, HEIGHT_PX, RATE_HZ, SOUND_HZ = 320, 180, 30, 48_000
GROUND_PX, RIDER_WIDTH_PX, RIDER_HEIGHT_PX = 150, 26, 60
#: A rider of 1.7 m is 60 px high, so that 9.81 m/s^2 are this.
GRAVITY_PX_S2 = 9.81 * RIDER_HEIGHT_PX / 1.7


@dataclass
class Film:
    """One take: what happens when, in seconds."""

    length_s: float = 16.0
    tricks: list[tuple[float, float]] = field(default_factory=list)  # take-off and landing
    sounds: bool = True  # False: no sound track at all
    silent: bool = False  # True: a sound track of zeros
    rider: bool = True
    shake_px: float = 3.0
    cuts: list[float] = field(default_factory=list)
    fades: list[tuple[float, float]] = field(default_factory=list)
    flashes: list[float] = field(default_factory=list)
    start_pts_s: float = 0.0

    def write(self, path: Path) -> Path:
        """Encode the film; the container follows from the name's ending."""
        with av.open(str(path), "w") as container:
            video = container.add_stream("libx264", rate=RATE_HZ)
            video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
            video.options = {"preset": "ultrafast", "crf": "20", "g": "30"}
            audio = container.add_stream("aac", rate=SOUND_HZ, layout="mono") if self.sounds else None
            sound = self.sound()
            per_picture = SOUND_HZ // RATE_HZ
            for number, picture in enumerate(self.pictures()):
                frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
                frame.pts, frame.time_base = (
                    round((number / RATE_HZ + self.start_pts_s) * 90_000),
                    Fraction(1, 90_000),
                )
                container.mux(video.encode(frame))
                if audio is not None:
                    _encode_sound(container, audio, sound, number * per_picture, per_picture, self.start_pts_s)
            container.mux(video.encode())
            if audio is not None:
                container.mux(audio.encode())
        return path

    def pictures(self):
        """Yield [shape=(HEIGHT_PX, WIDTH_PX), uint8]."""
        rng = np.random.default_rng(7)
        walls = [_texture(rng, HEIGHT_PX + 40, WIDTH_PX + 40) for _ in range(len(self.cuts) + len(self.fades) + 1)]
        body = np.clip(_texture(rng, RIDER_HEIGHT_PX, RIDER_WIDTH_PX) - 60, 0, 255)
        for number in range(round(self.length_s * RATE_HZ)):
            time_s = number / RATE_HZ
            sway = self.shake_px * np.array([np.sin(2.1 * time_s), np.sin(1.3 * time_s + 1) + 0.3 * np.sin(9 * time_s)])
            picture = ndimage.shift(self._wall(walls, time_s), sway, order=1, mode="nearest")[20:-20, 20:-20].copy()
            if self.rider:
                feet = GROUND_PX - self.height_px(time_s) + sway[0]
                left = WIDTH_PX * 0.5 + 90 * np.sin(0.5 * time_s) + sway[1]
                _draw(picture, body, round(feet) - RIDER_HEIGHT_PX, round(left))
            if any(0 <= time_s - flash_s < 0.1 for flash_s in self.flashes):
                picture += 90
            picture += rng.normal(0, 1.5, picture.shape)
            yield np.clip(picture, 0, 255).astype(np.uint8)

    def height_px(self, time_s: float) -> float:
        """Return how far the rider is off the ground: a thrown body."""
        for start_s, end_s in self.tricks:
            if start_s < time_s < end_s:
                return GRAVITY_PX_S2 / 2 * (time_s - start_s) * (end_s - time_s)
        return 0.0

    def sound(self) -> np.ndarray:
        """Return [shape=(n,), float32]: ground noise and an impact at each take-off and landing."""
        rng = np.random.default_rng(11)
        samples = rng.normal(0, 0 if self.silent else 0.004, round(self.length_s * SOUND_HZ)).astype(np.float32)
        decay = np.exp(-np.arange(SOUND_HZ // 20) / (0.008 * SOUND_HZ))
        for span in [] if self.silent else self.tricks:
            for hit_s in span:
                burst = rng.normal(0, 0.3, len(decay)) * decay
                first = round(hit_s * SOUND_HZ)
                samples[first : first + len(burst)] += burst[: len(samples) - first]
        return samples

    def _wall(self, walls: list[np.ndarray], time_s: float) -> np.ndarray:
        changes = sorted([(cut_s, cut_s) for cut_s in self.cuts] + self.fades)
        wall = walls[0]
        for number, (start_s, end_s) in enumerate(changes, start=1):
            if time_s >= start_s:
                share = 1.0 if end_s == start_s else min(1.0, (time_s - start_s) / (end_s - start_s))
                wall = (1 - share) * wall + share * walls[number]
        return wall


def _texture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    rough = sum(ndimage.gaussian_filter(rng.normal(0, 1, (height, width)), s) * s * 25 for s in (1.5, 4, 10))
    return np.clip(120 + rough, 20, 235)


def _draw(picture: np.ndarray, body: np.ndarray, top: int, left: int) -> None:
    top, left = max(0, top), max(0, left)
    region = picture[top : top + body.shape[0], left : left + body.shape[1]]
    region[:] = body[: region.shape[0], : region.shape[1]]


def _encode_sound(container, stream, samples, first, count, start_pts_s) -> None:
    frame = av.AudioFrame.from_ndarray(samples[None, first : first + count], format="fltp", layout="mono")
    frame.sample_rate, frame.time_base = SOUND_HZ, Fraction(1, SOUND_HZ)
    frame.pts = first + round(start_pts_s * SOUND_HZ)
    container.mux(stream.encode(frame))
