"""Reads accelerometer and gyroscope samples from the "gpmd" payloads of a GoPro's sensor track.

Within a stream, ``SCAL`` divides the samples that follow (described in gopro/gpmf-parser). Tried on one file of a
HERO5; there is no labelled footage with sensors, so the signals made from them are unproven.
"""

import numpy as np

from clips.media.cameras.gpmf import elements

#: Big-endian NumPy types of the type letters that sensors use.
TYPES = {
    b"b": ">i1", b"B": ">u1", b"s": ">i2", b"S": ">u2", b"l": ">i4", b"L": ">u4", b"f": ">f4", b"d": ">f8",
}  # fmt: skip


def samples(payload: bytes, key: str) -> np.ndarray:
    """Return the samples of one sensor in a payload.

    Parameters
    ----------
    payload : bytes
        One packet of the track.
    key : str
        "ACCL" (m/s²) or "GYRO" (rad/s).

    Returns
    -------
    np.ndarray [shape=(n, n_axes), float64]
        In the unit of the sensor; empty where the payload has none or is damaged.
    """
    found: list[np.ndarray] = []
    scale = np.ones(1)
    for element in elements(payload):
        if element.key == b"STRM":
            scale = np.ones(1)
        if element.key not in (b"SCAL", key.encode()) or element.type not in TYPES:
            continue
        numbers = _numbers(element.payload, TYPES[element.type])
        n_axes = numbers.size // element.count if element.count else 0
        if element.key == b"SCAL":
            scale = numbers if numbers.size and numbers.all() else scale
        elif n_axes and numbers.size == n_axes * element.count and len(scale) in (1, n_axes):
            found.append(numbers.reshape(element.count, n_axes) / scale)
    width = found[0].shape[1] if found else 3
    return np.concatenate([v for v in found if v.shape[1] == width]) if found else np.zeros((0, width))


def _numbers(content: bytes, kind: str) -> np.ndarray:
    whole = len(content) - len(content) % np.dtype(kind).itemsize
    return np.frombuffer(content[:whole], kind).astype(np.float64)
