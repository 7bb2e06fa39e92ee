"""Makes pairs of recordings by two cameras out of the sound of one, and pairs that do not belong together.

The second camera has another microphone, stands elsewhere, and its clock runs differently. All of it is made up: it
says how the comparison stands such faults one by one, not how two real cameras differ.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from detection.decode.read import SOUND_RATE_HZ
from detection.sync.clocks import Recorded

#: The clock of a made-up second camera is wrong by so much; that of two real ones by up to some tens of ppm.
DRIFT_PPM = 30.0
#: A camera films so much before and after what both have, at most.
MOST_ALONE_S = 90.0
#: Sound needs this long for a metre.
S_PER_M = 1 / 343.0
FARTHEST_M = 30.0
#: How far the stronger of the two keeps above its own noise.
BEST_SNR_DB = 12.0


@dataclass(frozen=True)
class MadePair:
    """Two recordings, and what is known of them.

    Attributes
    ----------
    kind : str
        "overlap", "other session", "other hour", "loop" (the same seconds again and again in both) or "shared piece"
        (some seconds in both, all else different).
    condition : str
        What is done to the second recording.
    overlap_s : float
        How long both filmed at the same time; 0 if they did not.
    offset_s : float or None
        Time of the first recording at which the second begins; None if they do not belong together.
    first, second : np.ndarray [shape=(n,), float32]
        Sound at ``SOUND_RATE_HZ``.
    """

    kind: str
    condition: str
    overlap_s: float
    offset_s: float | None
    first: np.ndarray
    second: np.ndarray


#: How two recordings can be alike without belonging together.
FALSE_KINDS = ("other session", "other hour", "loop", "shared piece")
#: What is done to the second recording: power of its noise below that of its sound (dB), gusts, clipping, music.
CONDITIONS: dict[str, dict[str, float]] = {
    "0 dB": {"snr_db": 0.0},
    "-6 dB": {"snr_db": -6.0},
    "0 dB, gusts": {"snr_db": 0.0, "gusts": 1.0},
    "0 dB, clipped": {"snr_db": 0.0, "clipped": 1.0},
    "0 dB, music": {"snr_db": 6.0, "music_db": 0.0},
}


def true_pairs(
    takes: Sequence[np.ndarray], *, overlaps_s: Sequence[float], n_each: int, seed: int
) -> Iterator[MadePair]:
    """Make pairs that filmed at the same time for some seconds, in each of ``CONDITIONS``.

    Parameters
    ----------
    takes : sequence of np.ndarray [shape=(n,), float32]
        Sound at ``SOUND_RATE_HZ``; joined in changing order they are what happened.
    overlaps_s : sequence of float
    n_each : int
        Pairs for each overlap and condition.
    seed : int
    """
    rng = np.random.default_rng(seed)
    for overlap_s in overlaps_s:
        for condition, faults in CONDITIONS.items():
            for _ in range(n_each):
                scene = np.concatenate([takes[number] for number in rng.permutation(len(takes))])
                length_s = len(scene) / SOUND_RATE_HZ
                # One of the two may begin first, end first, or both: each films some time alone on either side.
                alone_s = rng.uniform(0, MOST_ALONE_S, 2)
                first_leads, first_trails = rng.random(2) < 0.5
                most_s = length_s - overlap_s - alone_s.sum() - 2
                start_s = alone_s[0] + rng.uniform(1, most_s)
                spans_s = np.array([[start_s, start_s + overlap_s]] * 2)
                spans_s[0 if first_leads else 1, 0] -= alone_s[0]
                spans_s[0 if first_trails else 1, 1] += alone_s[1]
                first = recorded(scene, spans_s[0], rng, drift_ppm=0.0, snr_db=BEST_SNR_DB)
                late_s = rng.uniform(0, FARTHEST_M) * S_PER_M
                second = recorded(scene, spans_s[1] - late_s, rng, drift_ppm=DRIFT_PPM, **faults)
                offset_s = float(spans_s[1, 0] - spans_s[0, 0])
                # The second hears everything late by its distance: so much later its sound begins in the first.
                yield MadePair("overlap", condition, overlap_s, offset_s - late_s, first, second)


def false_pairs(takes: Sequence[np.ndarray], *, n_each: int, seed: int) -> Iterator[MadePair]:
    """Make pairs that did not film at the same time, in each of ``CONDITIONS``, as long as a file is.

    Parameters
    ----------
    takes : sequence of np.ndarray [shape=(n,), float32]
        Sound at ``SOUND_RATE_HZ``, at least two.
    n_each : int
        Pairs for each kind and condition.
    seed : int
    """
    rng = np.random.default_rng(seed)
    for condition, faults in CONDITIONS.items():
        for _ in range(n_each):
            one, other = (takes[number] for number in rng.permutation(len(takes))[:2])
            half = len(one) // 2
            yield _strangers("other session", condition, one, other, rng, faults)
            yield _strangers("other hour", condition, one[:half], one[half:], rng, faults)
            loop = _cut(other, rng, length_s=rng.uniform(3, 15))
            first, second = (_with_loop(part, loop, rng) for part in (one[:half], one[half:]))
            yield _strangers("loop", condition, first, second, rng, faults)
            piece = _cut(one, rng, length_s=rng.uniform(3, 10))
            start = int(rng.integers(0, len(other) - len(piece)))
            second = other.copy()
            second[start : start + len(piece)] = piece
            yield _strangers("shared piece", condition, one, second, rng, faults)


#: A made-up day: so many cameras film the same, each in files of this length with breaks between.
N_CAMERAS = 4
FILE_S = (60.0, 160.0)
BREAK_S = (5.0, 60.0)


@dataclass(frozen=True)
class MadeFile:
    """One file of a made-up day: what its clock says, when it truly began, and its sound."""

    recorded: Recorded[int]
    starts_s: float
    drift_ppm: float
    sound: np.ndarray


def day(takes: Sequence[np.ndarray], *, n_files: int, seed: int) -> list[MadeFile]:
    """Make the files of some cameras that film the same, with clocks that are up to two minutes wrong.

    Parameters
    ----------
    takes : sequence of np.ndarray [shape=(n,), float32]
        Sound at ``SOUND_RATE_HZ``; one after the other they are what happened.
    n_files : int
        At most; fewer where what happened is too short for them.
    seed : int
    """
    rng = np.random.default_rng(seed)
    scene = np.concatenate(takes)
    length_s = len(scene) / SOUND_RATE_HZ
    conditions = list(CONDITIONS.values())
    files: list[MadeFile] = []
    for camera in range(N_CAMERAS):
        wrong_s, at_s = rng.uniform(-60, 60), rng.uniform(1, 30)
        while len(files) < n_files * (camera + 1) // N_CAMERAS:
            file_s = rng.uniform(*FILE_S)
            if at_s + file_s + 1 > length_s:
                break
            faults = conditions[int(rng.integers(len(conditions)))]
            drift_ppm = DRIFT_PPM * (camera - 1.5)
            sound = recorded(scene, (at_s, at_s + file_s), rng, drift_ppm=drift_ppm, **faults)
            by_clock = Recorded(len(files), camera, at_s + wrong_s, len(sound) / SOUND_RATE_HZ)
            files.append(MadeFile(by_clock, at_s, drift_ppm, sound))
            at_s += file_s + rng.uniform(*BREAK_S)
    return files


def _strangers(
    kind: str, condition: str, one: np.ndarray, other: np.ndarray, rng: np.random.Generator, faults: dict[str, float]
) -> MadePair:
    first = recorded(one, (0.0, len(one) / SOUND_RATE_HZ), rng, drift_ppm=0.0, snr_db=BEST_SNR_DB)
    second = recorded(other, (0.0, len(other) / SOUND_RATE_HZ), rng, drift_ppm=DRIFT_PPM, **faults)
    return MadePair(kind, condition, 0.0, None, first, second)


def _cut(sound: np.ndarray, rng: np.random.Generator, *, length_s: float) -> np.ndarray:
    length = round(length_s * SOUND_RATE_HZ)
    start = int(rng.integers(0, len(sound) - length))
    return sound[start : start + length]


def _with_loop(sound: np.ndarray, loop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    again = np.roll(np.resize(loop, len(sound)), int(rng.integers(len(loop))))
    return sound + again * np.float32(sound.std() / max(float(loop.std()), 1e-9))


def recorded(
    scene: np.ndarray,
    span_s: Sequence[float] | np.ndarray,
    rng: np.random.Generator,
    *,
    drift_ppm: float,
    snr_db: float,
    gusts: float = 0.0,
    clipped: float = 0.0,
    music_db: float | None = None,
) -> np.ndarray:
    """Return a stretch of what happened as one camera hears it.

    Parameters
    ----------
    scene : np.ndarray [shape=(n,), float32]
        What happened, at ``SOUND_RATE_HZ``.
    span_s : (float, float)
        More than 8 samples from its ends.
    rng : np.random.Generator
    drift_ppm : float
        By how much the camera's clock is slow.
    snr_db : float
        Power of the sound above that of the noise.
    gusts, clipped : float
        How strong gusts are; whether the sound is clipped.
    music_db : float, optional
        Power of music above that of the sound.
    """
    n = round((span_s[1] - span_s[0]) * SOUND_RATE_HZ)
    at = span_s[0] * SOUND_RATE_HZ + np.arange(n) * (1 + drift_ppm * 1e-6)
    low = max(0, int(at[0]) - 8)
    clean = ndimage.map_coordinates(scene[low : int(at[-1]) + 9], [at - low], order=3, output=np.float32)
    heard: np.ndarray = _echoing(_equalised(clean, rng), rng)
    level = max(float(heard.std()), 1e-6)
    heard = heard + level * 10 ** (-snr_db / 20) * _pink(n, rng)
    if music_db is not None:
        heard = heard + level * 10 ** (music_db / 20) * _music(n, rng)
    if gusts:
        heard = heard + 3 * gusts * level * _gusts(n, rng)
    heard = heard * (0.1 / max(float(heard.std()), 1e-6))
    return np.clip(heard * (10 if clipped else 1), -1, 1).astype(np.float32)


def _equalised(heard: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give it another microphone: up to 10 dB more or less in each octave, phase included."""
    frequency_hz = np.array([0, 60, 125, 250, 500, 1000, 2000, 4000, SOUND_RATE_HZ / 2])
    gain_db = np.concatenate([[-40], rng.uniform(-10, 10, len(frequency_hz) - 1)])
    taps = signal.firwin2(255, frequency_hz, 10 ** (gain_db / 20), fs=SOUND_RATE_HZ)
    least = signal.minimum_phase(taps, half=False)
    return signal.oaconvolve(heard, least.astype(np.float32))[: len(heard)]


def _echoing(heard: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add echoes from walls and slopes around: twenty within 150 ms, together as strong as the sound itself."""
    taps = np.zeros(round(0.15 * SOUND_RATE_HZ), np.float32)
    at = rng.integers(round(0.004 * SOUND_RATE_HZ), len(taps), 20)
    taps[at] = rng.normal(size=20) * np.exp(-at / (0.05 * SOUND_RATE_HZ))
    taps /= max(float(np.linalg.norm(taps)), 1e-6)
    taps[0] = 1.0
    return signal.oaconvolve(heard, taps)[: len(heard)]


def _pink(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return noise with the same power in each octave and a standard deviation of 1."""
    b, a = [0.049922, -0.095993, 0.050613, -0.004409], [1, -2.494956, 2.017266, -0.522189]
    noise = signal.lfilter(b, a, rng.normal(size=n))
    return noise / noise.std()


def _gusts(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return wind that comes and goes: low noise, for a second or two every few seconds."""
    envelope = np.zeros(n)
    for at_s in np.cumsum(rng.exponential(4.0, n // SOUND_RATE_HZ // 2 + 1)):
        start, length = int(at_s * SOUND_RATE_HZ), int(rng.uniform(0.5, 3) * SOUND_RATE_HZ)
        if start + length < n:
            envelope[start : start + length] += np.hanning(length)
    b, a = signal.butter(2, 400, fs=SOUND_RATE_HZ)
    rumble = signal.lfilter(b, a, rng.normal(size=n))
    return envelope * rumble / rumble.std()


def _music(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return a made-up tune with drums, with a standard deviation of 1."""
    beat = round(60 / rng.uniform(85, 150) * SOUND_RATE_HZ)
    time_s = np.arange(beat) / SOUND_RATE_HZ
    drum = rng.normal(size=beat) * np.exp(-time_s / 0.03)
    bars = []
    for _ in range(8):
        root_hz = 110 * 2 ** (rng.integers(0, 12) / 12)
        chord = sum(np.sin(2 * np.pi * root_hz * ratio * time_s) / ratio for ratio in (1, 1.26, 1.5, 2, 3, 4))
        bars.append(chord * np.exp(-time_s / 0.4) + 1.5 * drum)
    tune = np.resize(np.concatenate(bars), n)
    return tune / tune.std()
