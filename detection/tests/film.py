"""Makes takes in which the right answer is known: a rider before a textured wall, filmed from a shaky hand."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from scipy import ndimage

from clips.tests.media.grey import frame_of
from detection.tests.gpmf import payload

WIDTH_PX, HEIGHT_PX, RATE_HZ, SOUND_HZ = 320, 180, 30, 48_000
GROUND_PX, RIDER_WIDTH_PX, RIDER_HEIGHT_PX = 150, 26, 60
FAST_AAC = {"aac_coder": "fast"}
#: Of the wall beyond each edge of the picture.
MARGIN_PX = 20
#: A rider of 1.7 m is 60 px high, so that 9.81 m/s^2 are this.
GRAVITY_PX_S2 = 9.81 * RIDER_HEIGHT_PX / 1.7


@dataclass
class Film:
    """One take: its events, in seconds."""

    length_s: float = 16.0
    tricks: list[tuple[float, float]] = field(default_factory=list)  # take-off and landing
    sounds: bool = True  # False: no sound track at all
    silent: bool = False  # True: a sound track of zeros
    rider: bool = True
    shake_px: float = 3.0
    cuts: list[float] = field(default_factory=list)
    fades: list[tuple[float, float]] = field(default_factory=list)
    flashes: list[float] = field(default_factory=list)
    exposures: list[float] = field(default_factory=list)  # from here on it is darker, from the next one lighter again
    bumps: list[float] = field(default_factory=list)  # somebody knocks against the camera
    covers: list[tuple[float, float]] = field(default_factory=list)  # a hand before the lens
    handled: list[tuple[float, float]] = field(default_factory=list)  # picked up, carried, put down
    worn: bool = False  # on the rider's head: nobody to be seen, everything leaps with every trick
    felt: bool = False  # with a GoPro's track of its accelerometer
    rotation: int = 0  # how the camera was held; the display matrix turns it back
    start_pts_s: float = 0.0
    rate_hz: int = RATE_HZ
    stretch: float = 1.0  # plays so many times slower than it was filmed
    gaps: bool = False  # True: every few pictures one is missing, as phones do in the dark
    darkness: float = 1.0  # share of the light that is left
    group: int = 30  # pictures from keyframe to keyframe
    pix_fmt: str = "yuv420p"
    background: str = "quiet"  # or "wind" or "music"

    def write(self, path: Path) -> Path:
        """Encode the film; the container follows from the name's ending."""
        with av.open(str(path), "w") as container:
            video = container.add_stream("libx264", rate=round(self.rate_hz / self.stretch))
            video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, self.pix_fmt
            video.options = {"preset": "ultrafast", "crf": "20", "g": str(self.group)}
            video.codec_context.thread_count = 1  # more wait for each other, at this size
            video.time_base = video.codec_context.time_base = Fraction(1, 90_000)
            if self.rotation:
                video.set_display_rotation(self.rotation)
                video.width, video.height = np.rot90(np.empty((HEIGHT_PX, WIDTH_PX)), -self.rotation // 90).shape[::-1]
            sensors = container.add_data_stream("bin_data") if self.felt else None
            audio = container.add_stream("aac", rate=SOUND_HZ, layout="mono", options=FAST_AAC) if self.sounds else None
            sound = self.sound()
            per_picture = SOUND_HZ // self.rate_hz
            for number, picture in enumerate(self.pictures()):
                turned = np.ascontiguousarray(np.rot90(picture, -self.rotation // 90))
                frame = frame_of(turned, self.pix_fmt)
                shown_s = number / self.rate_hz * self.stretch + self.start_pts_s
                frame.pts, frame.time_base = round(shown_s * 90_000), Fraction(1, 90_000)
                if not (self.gaps and number % 7 in (2, 3)):
                    container.mux(video.encode(frame))
                if sensors is not None and number % self.rate_hz == 0:
                    container.mux(self._felt(sensors, number // self.rate_hz))
                if audio is not None:
                    _encode_sound(container, audio, sound, number * per_picture, per_picture, self.start_pts_s)
            container.mux(video.encode())
            if audio is not None:
                container.mux(audio.encode())
        return path

    def pictures(self):
        """Yield [shape=(HEIGHT_PX, WIDTH_PX), uint8]."""
        rng = np.random.default_rng(7)
        walls = [
            _texture(rng, HEIGHT_PX + 2 * MARGIN_PX, WIDTH_PX + 2 * MARGIN_PX)
            for _ in range(len(self.cuts) + len(self.fades) + 1)
        ]
        body = np.clip(_texture(rng, RIDER_HEIGHT_PX, RIDER_WIDTH_PX) - 60, 0, 255)
        for number in range(round(self.length_s * self.rate_hz)):
            time_s = number / self.rate_hz
            scene = self._wall(walls, time_s).copy()
            if self.rider and not self.worn:
                feet, left = GROUND_PX - self.height_px(time_s), WIDTH_PX * 0.5 + 90 * np.sin(0.5 * time_s)
                _draw(scene, body, round(feet) - RIDER_HEIGHT_PX + MARGIN_PX, round(left) + MARGIN_PX)
            picture = _seen(scene, *self.camera(time_s))
            if any(0 <= time_s - flash_s < 0.1 for flash_s in self.flashes):
                picture += 90
            if sum(time_s >= change_s for change_s in self.exposures) % 2:
                picture *= 0.55
            if any(start_s <= time_s < end_s for start_s, end_s in self.covers):
                picture = 18 + 0.04 * ndimage.gaussian_filter(picture, 8)
            picture = picture * self.darkness + 1.5 * rng.standard_normal(picture.shape, np.float32)
            yield np.clip(picture, 0, 255).astype(np.uint8)

    def camera(self, time_s: float) -> tuple[float, float, float]:
        """Return the camera's shift of the picture down and right, px, and its rotation, rad."""
        down = self.shake_px * np.sin(2.1 * time_s)
        right = self.shake_px * (np.sin(1.3 * time_s + 1) + 0.3 * np.sin(9 * time_s))
        turn = 0.0
        for since_s in (time_s - bump_s for bump_s in self.bumps):
            if 0 <= since_s < 0.4:
                swing = np.exp(-since_s / 0.1) * np.sin(2 * np.pi * 8 * since_s)
                down, right, turn = down + 60 * swing, right + 30 * swing, turn + 0.15 * swing
        for start_s, end_s in self.handled:
            firmly = min(1.0, max(0.0, time_s - start_s) / 0.3, max(0.0, end_s - time_s) / 0.3)
            down += 110 * firmly * np.sin(6 * time_s)
            right += 150 * firmly * np.sin(4.3 * time_s)
            turn += 0.9 * firmly * np.sin(5.1 * time_s)
        if self.worn:
            down += 6 * np.sin(15 * time_s) + 0.6 * self.height_px(time_s)
            right += 9 * np.sin(5 * time_s)
            turn += 0.03 * np.sin(8 * time_s)
        return float(down), float(right), float(turn)

    def height_px(self, time_s: float) -> float:
        """Return the rider's height above the ground: a thrown body."""
        for start_s, end_s in self.tricks:
            if start_s < time_s < end_s:
                return GRAVITY_PX_S2 / 2 * (time_s - start_s) * (end_s - time_s)
        return 0.0

    def sound(self) -> np.ndarray:
        """Return [shape=(n,), float32]: ground noise and an impact at each take-off and landing."""
        rng = np.random.default_rng(11)
        samples = rng.normal(0, 0 if self.silent else 0.004, round(self.length_s * SOUND_HZ)).astype(np.float32)
        samples += self._background(len(samples), rng)
        decay = np.exp(-np.arange(SOUND_HZ // 20) / (0.008 * SOUND_HZ))
        for hit_s in [] if self.silent else self.hits_s():
            burst = rng.normal(0, 0.3, len(decay)) * decay
            first = round(hit_s * SOUND_HZ)
            samples[first : first + len(burst)] += burst[: len(samples) - first]
        return samples

    def hits_s(self) -> list[float]:
        """Return the times of impacts, rising within each kind: knocks on the camera are loud as well."""
        knocks_s = [hit_s for span in (*self.tricks, *self.covers) for hit_s in span]
        knocks_s += [hit_s for bump_s in self.bumps for hit_s in (bump_s, bump_s + 0.25)]
        for start_s, end_s in self.handled:
            knocks_s += list(np.arange(start_s + 0.1, end_s, 0.37))
        return knocks_s

    def _felt(self, stream: av.stream.Stream, second: int) -> av.Packet:
        """Return an accelerometer's 200 samples of one second."""
        time_s = second + np.arange(200) / 200
        felt_m_s2 = np.full(200, 9.81)
        for start_s, end_s in self.tricks:
            felt_m_s2[(time_s >= start_s) & (time_s < end_s)] = 0.6
            felt_m_s2[(time_s >= end_s) & (time_s < end_s + 0.05)] = 40.0
        packet = av.Packet(payload(rows=[(round(100 * value), 0, 0) for value in felt_m_s2]))
        packet.stream, packet.time_base = stream, Fraction(1, 1000)
        packet.pts = packet.dts = 1000 * second
        packet.duration = 1000
        return packet

    def _background(self, n_samples: int, rng: np.random.Generator) -> np.ndarray:
        time_s = np.arange(n_samples) / SOUND_HZ
        if self.background == "wind":  # low, loud, swelling
            gusts = 0.5 + 0.5 * np.sin(1.7 * time_s) * np.sin(0.6 * time_s + 1)
            return 4 * ndimage.gaussian_filter1d(rng.normal(0, 1, n_samples), 60) * gusts
        if self.background == "music":  # a chord that changes twice a second, with soft attacks
            note_hz = 220 * 2 ** (np.array([0, 3, 7, 5])[(2 * time_s).astype(int) % 4] / 12)
            attack = np.minimum(1, (time_s * 2 % 1) / 0.2)
            return 0.1 * attack * sum(np.sin(2 * np.pi * k * note_hz * time_s) / k for k in (1, 2, 3))
        return np.zeros(n_samples)

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
    return np.clip(120 + rough, 20, 235).astype(np.float32)


def _seen(scene: np.ndarray, down: float, right: float, turn: float) -> np.ndarray:
    """Return a camera's picture after a shift, px, and a rotation, rad."""
    if turn:
        middle = np.array(scene.shape) / 2
        slope = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        offset = middle - slope @ (middle + np.array([down, right]))
        moved = ndimage.affine_transform(scene, slope, offset, order=1, mode="mirror")
        return moved[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX].copy()
    return _moved(_moved(scene, down).T, right).T.copy()


def _moved(scene: np.ndarray, down: float) -> np.ndarray:
    """Return the rows of a picture without its margin after a shift down, px, of less than that margin."""
    whole, share = divmod(-down, 1)  # a row lies this share of the way between two of the scene
    first = MARGIN_PX + int(whole)
    last = first + scene.shape[0] - 2 * MARGIN_PX
    return (1 - share) * scene[first:last] + share * scene[first + 1 : last + 1]


def _draw(picture: np.ndarray, body: np.ndarray, top: int, left: int) -> None:
    top, left = max(0, top), max(0, left)
    region = picture[top : top + body.shape[0], left : left + body.shape[1]]
    region[:] = body[: region.shape[0], : region.shape[1]]


def _encode_sound(container, stream, samples, first, count, start_pts_s) -> None:
    frame = av.AudioFrame.from_ndarray(samples[None, first : first + count], format="fltp", layout="mono")
    frame.sample_rate, frame.time_base = SOUND_HZ, Fraction(1, SOUND_HZ)
    frame.pts = first + round(start_pts_s * SOUND_HZ)
    container.mux(stream.encode(frame))
