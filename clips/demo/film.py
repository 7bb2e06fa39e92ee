"""Films the demo session: the sequence of events, the camera's pictures and its sound.

A rider laps a snow park and jumps five times. In between come events that a detector must ignore: somebody walks
through the picture, a horn sounds without a trick, and somebody bumps into the lens.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from scipy import ndimage

from clips.demo import figure, park
from clips.demo.figure import Sprite

LENGTH_S = 60
WIDTH_PX, HEIGHT_PX, RATE_HZ, SOUND_HZ = 1280, 720, 30, 48_000
GROUND_PX = park.MARGIN_PX + 570
SPEED_PX_S = 330.0
#: A thrown body, at the scale of the figures.
GRAVITY_PX_S2 = 9.81 * figure.PX_PER_M
#: The rider is this far behind the picture's left edge when the film begins.
START_PX = -260.0
CROUCH_BEFORE_S, CROUCH_AFTER_S = 0.7, 0.45
WALKER_S, WALKER_PX_S = (11.0, 18.0), -75.0
HORN_S = (24.6, 25.3)
BUMP_S = 36.2


@dataclass(frozen=True)
class Jump:
    """One trick: take-off, landing, and how far the rider turns in the air."""

    take_off_s: float
    landing_s: float
    turns: float


JUMPS = (
    Jump(6.6, 7.5, 0.5),
    Jump(19.4, 20.5, 1.0),
    Jump(30.2, 31.1, 1.0),
    Jump(42.3, 43.35, 1.5),
    Jump(53.1, 54.1, 1.0),
)


def write(path: Path, *, seed: int = 1, on_progress: Callable[[float], None] = lambda _share: None) -> None:
    """Draw and encode the film as H.264 and AAC; the same seed makes the same film.

    ``on_progress`` is told after each picture what share is done, 0 to 1.
    """
    rng = np.random.default_rng(seed)
    sound, per_picture = hear(rng), SOUND_HZ // RATE_HZ
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags+faststart"}) as container:
        container.metadata["model"] = "Demo"
        video = container.add_stream("libx264", rate=RATE_HZ)
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        video.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "24", "g": "30", "threads": "1"}
        audio = container.add_stream("aac", rate=SOUND_HZ, layout="mono")
        for number, picture in enumerate(see(rng)):
            picture.pts, picture.time_base = number, Fraction(1, RATE_HZ)
            container.mux(video.encode(picture))
            heard = av.AudioFrame.from_ndarray(
                sound[None, number * per_picture : (number + 1) * per_picture], format="fltp", layout="mono"
            )
            heard.sample_rate, heard.time_base, heard.pts = SOUND_HZ, Fraction(1, SOUND_HZ), number * per_picture
            container.mux(audio.encode(heard))
            on_progress(number / (LENGTH_S * RATE_HZ))
        container.mux(video.encode())
        container.mux(audio.encode())


def see(rng: np.random.Generator) -> Iterator[av.VideoFrame]:
    """Yield every picture in order."""
    width_px = int(SPEED_PX_S * LENGTH_S) + WIDTH_PX + 2 * park.MARGIN_PX
    scene = park.build(
        rng,
        width_px=width_px + width_px % 2,
        height_px=HEIGHT_PX + 2 * park.MARGIN_PX,
        ground_px=GROUND_PX,
        lips_px=[round(rider_px(jump.take_off_s)) for jump in JUMPS],
    )
    grain = rng.integers(-2, 3, (HEIGHT_PX, 2 * WIDTH_PX)).astype(np.int8).view(np.uint8)
    for number in range(LENGTH_S * RATE_HZ):
        time_s = number / RATE_HZ
        top, left = camera_px(time_s)
        planes = _look(scene, top, left)
        if WALKER_S[0] <= time_s < WALKER_S[1]:
            _lay(planes, figure.walker(stride=time_s / 1.1), GROUND_PX - 24 - top, walker_px(time_s) - left)
        _lay(planes, _rider_now(time_s), GROUND_PX - height_px(time_s) - top, rider_px(time_s) - left)
        first = int(rng.integers(0, WIDTH_PX))
        planes[0] += grain[:, first : first + WIDTH_PX]  # modulo 256, so that 254 is -2; the park leaves room for it
        yield _frame(planes)


def rider_px(time_s: float) -> float:
    return START_PX + park.MARGIN_PX + SPEED_PX_S * time_s


def walker_px(time_s: float) -> float:
    """Return the passer-by's position: the camera meets them in the middle of their walk."""
    middle_s = sum(WALKER_S) / 2
    return rider_px(middle_s) + 120 + WALKER_PX_S * (time_s - middle_s)


def height_px(time_s: float) -> float:
    """Return how far the rider's board is above the ground: up the kicker, then a thrown body."""
    for jump in JUMPS:
        if jump.take_off_s <= time_s < jump.landing_s:
            since_s, until_s = time_s - jump.take_off_s, jump.landing_s - time_s
            share = until_s / (jump.landing_s - jump.take_off_s)
            return park.KICKER_HEIGHT_PX * share + GRAVITY_PX_S2 / 2 * since_s * until_s
        if time_s < jump.take_off_s:
            return float(park.ramp_height_px(SPEED_PX_S * (time_s - jump.take_off_s)))
    return 0.0


def camera_px(time_s: float) -> tuple[int, int]:
    """Return the picture's top and left in the park: a hand that follows the rider, shakes, and is bumped once."""
    ahead = rider_px(time_s) - WIDTH_PX * 0.42 - 70 * np.sin(0.43 * time_s)
    left = max(ahead, 0) + np.log1p(np.exp(-abs(ahead) / 60)) * 60  # stands still, then comes along without a jerk
    left += 20 + 5 * np.sin(2.3 * time_s) + 2.5 * np.sin(9.1 * time_s + 1)
    top = park.MARGIN_PX + 6 * np.sin(1.7 * time_s) + 2.5 * np.sin(11.3 * time_s) - 0.25 * height_px(time_s)
    since_s = time_s - BUMP_S
    if since_s >= 0:
        top += 60 * np.exp(-since_s / 0.12) * np.sin(45 * since_s)
    # Whole pairs of pixels, because colour has half the picture's size.
    return 2 * round(max(top, 0) / 2), 2 * round(left / 2)


def _rider_now(time_s: float) -> Sprite:
    crouch = 0.25
    turned = 0.0
    for jump in JUMPS:
        air_s = jump.landing_s - jump.take_off_s
        done = (time_s - jump.take_off_s) / air_s
        if 0 <= done < 1:
            crouch = 0.35 + 0.65 * np.sin(np.pi * done)
        elif -CROUCH_BEFORE_S < time_s - jump.take_off_s < 0:
            crouch = 0.25 + 0.75 * (1 + (time_s - jump.take_off_s) / CROUCH_BEFORE_S)
        elif 0 <= time_s - jump.landing_s < CROUCH_AFTER_S:
            crouch = 1 - 0.75 * (time_s - jump.landing_s) / CROUCH_AFTER_S
        turned += jump.turns * float(np.clip(done, 0, 1))
    return figure.rider(crouch=crouch, turn=turned)


def _look(scene: park.Park, top: int, left: int) -> list[np.ndarray]:
    whole = np.s_[top : top + HEIGHT_PX, left : left + WIDTH_PX]
    half = np.s_[top // 2 : (top + HEIGHT_PX) // 2, left // 2 : (left + WIDTH_PX) // 2]
    return [scene.luma[whole].copy(), scene.u[half].copy(), scene.v[half].copy()]


def _lay(planes: list[np.ndarray], sprite: Sprite, feet_px: float, middle_px: float) -> None:
    """Draw a figure over the picture, as far as it is inside."""
    top = 2 * round((feet_px - figure.CANVAS_HEIGHT_PX + figure.BELOW_FEET_PX) / 2)
    left = 2 * round((middle_px - figure.CANVAS_WIDTH_PX / 2) / 2)
    for number, plane in enumerate(planes):
        step = 1 if number == 0 else 2
        _blend(plane, sprite.planes[number, ::step, ::step], sprite.cover[::step, ::step], top // step, left // step)


def _blend(plane: np.ndarray, colour: np.ndarray, cover: np.ndarray, top: int, left: int) -> None:
    rows = slice(max(top, 0), min(top + colour.shape[0], plane.shape[0]))
    columns = slice(max(left, 0), min(left + colour.shape[1], plane.shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    part = np.s_[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    under = plane[rows, columns].astype(np.float32)
    plane[rows, columns] = under + cover[part] * (colour[part] - under)


def _frame(planes: list[np.ndarray]) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(
        np.concatenate([plane.reshape(-1) for plane in planes]).reshape(-1, WIDTH_PX), format="yuv420p"
    )


def hear(rng: np.random.Generator) -> np.ndarray:
    """Return the sound of the whole film, [shape=(n,), float32], full scale 1."""
    n = LENGTH_S * SOUND_HZ
    time_s = np.arange(n) / SOUND_HZ
    hiss = rng.normal(0, 1, n)
    wind = ndimage.uniform_filter1d(hiss, 400) * 0.25 * (1 + 0.5 * np.sin(0.6 * time_s))
    on_snow = np.ones(n)
    for jump in JUMPS:
        on_snow[round(jump.take_off_s * SOUND_HZ) : round(jump.landing_s * SOUND_HZ)] = 0.3
    sound = wind + 0.012 * hiss * ndimage.uniform_filter1d(on_snow, SOUND_HZ // 50)
    for jump in JUMPS:
        _hit(rng, sound, jump.take_off_s, loudness=0.35, decay_s=0.012)
        _hit(rng, sound, jump.landing_s, loudness=0.6, decay_s=0.03)
    _hit(rng, sound, BUMP_S, loudness=0.5, decay_s=0.05)
    horn = (time_s >= HORN_S[0]) & (time_s < HORN_S[1])
    for harmonic in (1, 2, 3, 5, 8):
        sound[horn] += 0.12 * np.sin(2 * np.pi * 415 * harmonic * time_s[horn])
    return np.clip(sound, -1, 1).astype(np.float32)


def _hit(rng: np.random.Generator, sound: np.ndarray, at_s: float, *, loudness: float, decay_s: float) -> None:
    """Add an impact: a burst of noise and a low thump that die away."""
    since_s = np.arange(round(8 * decay_s * SOUND_HZ)) / SOUND_HZ
    fall = np.exp(-since_s / decay_s)
    burst = loudness * fall * (0.6 * rng.normal(0, 1, len(since_s)) + 0.6 * np.sin(2 * np.pi * 90 * since_s))
    first = round(at_s * SOUND_HZ)
    sound[first : first + len(burst)] += burst
