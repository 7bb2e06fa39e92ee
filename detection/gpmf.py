"""GoPro's sensor track: samples of accelerometer and gyroscope out of its "gpmd" payloads.

The format is documented at github.com/gopro/gpmf-parser: nested records of a four-letter key, a type letter, the size
of one value in bytes and a big-endian count, padded to four bytes; type 0 nests. Within a stream, ``SCAL`` divides the
samples that follow. Read from the description and tried on one file of a HERO5; no labelled footage with sensors is
at hand, so what is made of them is unproven.
"""

import struct
from collections.abc import Iterator

import numpy as np

#: Big-endian NumPy types of the type letters that sensors use.
TYPES = {
    "b": ">i1", "B": ">u1", "s": ">i2", "S": ">u2", "l": ">i4", "L": ">u4", "f": ">f4", "d": ">f8",
}  # fmt: skip
HEADER_BYTES = 8
#: A payload nests device, stream and values; deeper is damage.
DEEPEST = 5


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
    found = [values for values in _streams(payload, key, DEEPEST) if values.size]
    width = found[0].shape[1] if found else 3
    return np.concatenate([v for v in found if v.shape[1] == width]) if found else np.zeros((0, width))


def _streams(content: bytes, key: str, depth: int) -> Iterator[np.ndarray]:
    scale = np.ones(1)
    for name, kind, size, count, values in _records(content):
        if kind == "\0" and depth > 0:
            yield from _streams(values, key, depth - 1)
        elif name in ("SCAL", key) and kind in TYPES:
            numbers = np.frombuffer(values, TYPES[kind]).astype(np.float64)
            n_axes = size // np.dtype(TYPES[kind]).itemsize
            if name == "SCAL" and numbers.size and numbers.all():
                scale = numbers
            elif name == key and count and n_axes and numbers.size == n_axes * count and len(scale) in (1, n_axes):
                yield numbers.reshape(count, n_axes) / scale


def _records(content: bytes) -> Iterator[tuple[str, str, int, int, bytes]]:
    """Yield key, type, size of a value, count and values of each record; a damaged one ends the list."""
    at = 0
    while at + HEADER_BYTES <= len(content):
        name, kind, size, count = struct.unpack_from(">4scBH", content, at)
        at += HEADER_BYTES
        values = content[at : at + size * count]
        if len(values) < size * count:
            return
        yield name.decode("latin-1"), kind.decode("latin-1"), size, count, values
        at += -(-size * count // 4) * 4
