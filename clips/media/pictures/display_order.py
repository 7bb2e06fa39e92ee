"""Derives the display order of coded pictures from their headers: H.264, MPEG-4 part 2, MPEG-1 and MPEG-2.

FFmpeg's ``dts2pts`` filter does it for H.264 too, but must see a file from its beginning, and gives the last two
pictures of a file the same time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

#: The header of a slice, of which the first 30 bytes say enough, with room for emulation prevention.
_SLICE_BYTES = 64
_PARAMETER_BYTES = 1024
_SLICE, _IDR_SLICE, _SPS, _PPS = 1, 5, 7, 8
#: Profiles of H.264 whose sequence parameters tell the format of colours (ITU-T H.264, 7.3.2.1.1).
_PROFILES_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
#: The code of a picture's header; in which byte behind it the type lies, with how many bits to its right; B's number.
_VOP = (0xB6, 0, 6, 2)
_MPEG2_PICTURE = (0x00, 1, 3, 3)


#: Where a picture comes among the others: pictures are shown in the order of these.
Place = tuple[int, int]


class AsStored:
    """The order of pictures that are shown as they are decoded."""

    def __init__(self) -> None:
        self._n_pictures = 0

    def place(self, _: bytes) -> Place:
        """Return the place of the next picture in decoding order."""
        self._n_pictures += 1
        return 0, self._n_pictures


class ReferencesFirst:
    """The order of codecs in which a B-picture is shown at once, and any other when the next such comes.

    Parameters
    ----------
    codec : str
        "mpeg4", "mpeg2video" or "mpeg1video".
    """

    def __init__(self, codec: str) -> None:
        self._code, self._byte, self._bits_right, self._b = _VOP if codec == "mpeg4" else _MPEG2_PICTURE
        self._n_references = self._n_between = 0

    def place(self, data: bytes) -> Place | None:
        """Return the place of the next picture in decoding order; its head is enough. None if it is damaged."""
        at = data.find(bytes((0, 0, 1, self._code)))
        if not 0 <= at < len(data) - 4 - self._byte:
            return None
        mask = 3 if self._code == _VOP[0] else 7
        kind = data[at + 4 + self._byte] >> self._bits_right & mask
        if kind == self._b:
            self._n_between += 1
            return self._n_references - 1, self._n_between
        self._n_references, self._n_between = self._n_references + 1, 0
        return self._n_references, 0


class H264Order:
    """The order of H.264, by picture order count (ITU-T H.264, 8.2.1); types 0 and 2 of it, which encoders write.

    Parameters
    ----------
    extradata : bytes
        Parameter sets, between start codes or as an MP4's ``avcC``.

    Raises
    ------
    ValueError
        If the count is of type 1.
    """

    def __init__(self, extradata: bytes) -> None:
        self._sps: dict[int, _Sequence] = {}
        self._pps: dict[int, tuple[int, bool]] = {}
        self._length_bytes = 0
        self._group = self._previous_high = self._previous_low = self._last = 0
        if extradata[:1] == b"\x01":
            self._length_bytes = (extradata[4] & 3) + 1
            for unit in _units_of_avcc(extradata):
                self._learn(unit)
        else:
            for unit in _between_start_codes(extradata):
                self._learn(unit)

    def place(self, data: bytes) -> Place | None:
        """Return the place of the next picture in decoding order; its head is enough. None if it is damaged."""
        units = _with_lengths(data, self._length_bytes) if self._length_bytes else _between_start_codes(data)
        try:
            for unit in units:
                if unit[0] & 31 in (_SLICE, _IDR_SLICE):
                    return self._place_of(unit)
                self._learn(unit)
        except (IndexError, KeyError, ValueError):
            pass
        return None

    def _learn(self, unit: bytes) -> None:
        kind = unit[0] & 31
        if kind == _SPS:
            number, sequence = _sequence(_Bits(_unescaped(unit[1:_PARAMETER_BYTES])))
            self._sps[number] = sequence
        elif kind == _PPS:
            bits = _Bits(_unescaped(unit[1:_SLICE_BYTES]))
            number, of = bits.ue(), bits.ue()
            bits.take(1)
            self._pps[number] = of, bool(bits.take(1))

    def _place_of(self, unit: bytes) -> Place:
        bits = _Bits(_unescaped(unit[1:_SLICE_BYTES]))
        is_idr, is_reference = unit[0] & 31 == _IDR_SLICE, bool(unit[0] >> 5 & 3)
        bits.ue()
        bits.ue()
        of, tells_bottom = self._pps[bits.ue()]
        sequence = self._sps[of]
        bits.take(2 * sequence.has_separate_planes + sequence.frame_number_bits)
        is_field = not sequence.has_frames_only and bits.take(1)
        if is_field:
            bits.take(1)
        if is_idr:
            bits.ue()
            self._group += 1
            self._previous_high = self._previous_low = self._last = 0
        if sequence.count_bits is None:
            self._last += 1
            return self._group, self._last
        low, reach = bits.take(sequence.count_bits), 1 << sequence.count_bits
        high = self._previous_high
        if low < self._previous_low and self._previous_low - low >= reach // 2:
            high += reach
        elif low > self._previous_low and low - self._previous_low > reach // 2:
            high -= reach
        if is_reference:
            self._previous_high, self._previous_low = high, low
        bottom = bits.se() if tells_bottom and not is_field else 0
        self._last = high + low + min(0, bottom)
        return self._group, self._last


@dataclass(frozen=True)
class _Sequence:
    """The sequence parameters needed to read a slice header of H.264."""

    frame_number_bits: int
    count_bits: int | None  # of the picture order count; None where pictures are shown as they are decoded
    has_frames_only: bool
    has_separate_planes: bool


def _sequence(bits: "_Bits") -> tuple[int, _Sequence]:
    profile = bits.take(24) >> 16
    number, planes = bits.ue(), 0
    if profile in _PROFILES_WITH_CHROMA:
        chroma = bits.ue()
        planes = bits.take(1) if chroma == 3 else 0
        bits.ue(), bits.ue(), bits.take(1)
        if bits.take(1):
            for place in range(8 if chroma != 3 else 12):
                if bits.take(1):
                    _pass_scaling_list(bits, 16 if place < 6 else 64)
    frame_number_bits, count_type, count_bits = bits.ue() + 4, bits.ue(), None
    if count_type == 0:
        count_bits = bits.ue() + 4
    elif count_type == 1:
        raise ValueError("picture order count of type 1")
    bits.ue(), bits.take(1), bits.ue(), bits.ue()
    return number, _Sequence(frame_number_bits, count_bits, bool(bits.take(1)), bool(planes))


def _pass_scaling_list(bits: "_Bits", n_values: int) -> None:
    last = following = 8
    for _ in range(n_values):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


class _Bits:
    """Reads numbers from the highest bit on; IndexError past the end."""

    def __init__(self, data: bytes) -> None:
        self._value, self._n_left = int.from_bytes(data), 8 * len(data)

    def take(self, n_bits: int) -> int:
        self._n_left -= n_bits
        if self._n_left < 0:
            raise IndexError("behind the end")
        return self._value >> self._n_left & ((1 << n_bits) - 1)

    def ue(self) -> int:
        n_zeros = 0
        while not self.take(1):
            n_zeros += 1
        return (1 << n_zeros) - 1 + self.take(n_zeros)

    def se(self) -> int:
        number = self.ue()
        return (number + 1) // 2 if number % 2 else -(number // 2)


def _unescaped(data: bytes) -> bytes:
    return data.replace(b"\0\0\3", b"\0\0")


def _between_start_codes(data: bytes) -> Iterator[bytes]:
    """Yield the units of a byte stream."""
    at = data.find(b"\0\0\1")
    while at >= 0:
        begin = at + 3
        # Only the head of a unit is looked at, and those before the first slice are short.
        at = data.find(b"\0\0\1", begin)
        unit = data[begin:at] if at >= 0 else data[begin:]
        if unit:
            yield unit


def _with_lengths(data: bytes, length_bytes: int) -> Iterator[bytes]:
    at = 0
    while at + length_bytes < len(data):
        size_bytes = int.from_bytes(data[at : at + length_bytes])
        at += length_bytes
        if size_bytes:
            yield data[at : at + size_bytes]
        at += size_bytes


def _units_of_avcc(extradata: bytes) -> Iterator[bytes]:
    at = 6
    for n_units in (extradata[5] & 31, None):
        if n_units is None:
            n_units, at = extradata[at], at + 1
        for _ in range(n_units):
            size_bytes = int.from_bytes(extradata[at : at + 2])
            if size_bytes:
                yield extradata[at + 2 : at + 2 + size_bytes]
            at += 2 + size_bytes
