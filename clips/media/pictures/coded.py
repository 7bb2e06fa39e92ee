"""Reads headers of coded H.264 and HEVC pictures for facts that FFmpeg does not pass on.

Two facts: whether a packet holds only one field of a picture (ITU-T H.264, section 7.3.3), and how many pictures must
be decoded from a place on before the picture is right (recovery point, section D.2.8; in H.265 D.3.8). No Python
library tells either; this reads the minimum needed for both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from av.video.stream import VideoStream

from clips.media.timestamps import AnyPacket

#: Parameter sets, messages and the head of the first slice lie within this much of a packet.
_HEAD_BYTES = 64 * 1024
#: A slice's header up to what is read of it, and the longest parameter set.
_SLICE_BYTES, _SET_BYTES = 64, 1024
#: A number of more bits is damage.
_MOST_ZEROS = 32
_START_CODE = b"\0\0\1"
#: H.264's types of NAL units.
_SLICES, _IDR, _SEI, _SPS, _PPS = frozenset({1, 2, 5}), 5, 6, 7, 8
#: Its slices that refer to nothing: I and SI.
_INTRA = frozenset({2, 4})
#: H.265's: at IRAP pictures decoding can begin.
_HEVC_VIDEO, _HEVC_IRAP, _HEVC_SEI = range(32), range(16, 24), 39
_RECOVERY_POINT = 6
#: Profiles of H.264 that say more about colours before the rest.
_HIGH = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})


class _Bits:
    """Reads the bits of a NAL unit; ValueError past its end."""

    def __init__(self, unit: bytes) -> None:
        content = unit.replace(b"\0\0\3", b"\0\0")  # what keeps start codes out of the content
        self._value, self._n_left = int.from_bytes(content, "big"), 8 * len(content)

    def take(self, n_bits: int) -> int:
        if n_bits > self._n_left:
            raise ValueError("the unit ends early")
        self._n_left -= n_bits
        return (self._value >> self._n_left) & ((1 << n_bits) - 1)

    def golomb(self) -> int:
        n_zeros = 0
        while not self.take(1):
            n_zeros += 1
            if n_zeros > _MOST_ZEROS:
                raise ValueError("the number is too long")
        return (1 << n_zeros) - 1 + self.take(n_zeros)

    def signed_golomb(self) -> int:
        code = self.golomb()
        return (code + 1) // 2 if code % 2 else -(code // 2)


class _Sequence(NamedTuple):
    """The sequence parameters needed to read the head of a slice."""

    may_have_fields: bool
    has_colour_planes: bool
    frame_number_bits: int


class _Slice(NamedTuple):
    """The head of a slice; ``bottom`` is None for a whole picture."""

    kind: int
    frame_number: int
    bottom: bool | None


@dataclass(frozen=True)
class Field:
    """The one field that a packet holds."""

    is_bottom: bool
    frame_number: int

    def is_completed_by(self, other: "Field | None") -> bool:
        """Return whether the packet after this one holds the other half of the picture."""
        return other is not None and other.is_bottom != self.is_bottom and other.frame_number == self.frame_number


class CodedPictures:
    """Reads the headers of one track's packets. Other codecs have no fields, and all their keyframes are right."""

    def __init__(self, stream: VideoStream) -> None:
        extradata = stream.codec_context.extradata or b""
        self._codec = stream.codec_context.name
        self._length_bytes = _length_bytes(self._codec, extradata)
        self._sequences: dict[int, _Sequence] = {}
        self._sequence_of: dict[int, int] = {}  # picture parameter set → sequence parameter set
        if self._codec == "h264":
            for unit in _of_avcc(extradata) if self._length_bytes else _after_start_codes(extradata):
                self._learn(unit)

    @property
    def may_have_fields(self) -> bool:
        """Return whether any packet can hold a single field."""
        return any(sequence.may_have_fields for sequence in self._sequences.values())

    def field(self, packet: AnyPacket) -> Field | None:
        """Return the field that a packet holds; None for a whole picture."""
        fields = set()
        for unit in self._units(bytes(packet)):
            self._learn(unit)
            if unit[0] & 31 in _SLICES and (head := self._slice(unit)):
                if head.bottom is None:
                    return None
                fields.add(Field(head.bottom, head.frame_number))
        return fields.pop() if len(fields) == 1 else None

    def right_from(self, packets: Sequence[AnyPacket]) -> int | None:
        """Return the PTS from which pictures are right when decoding begins with the first of these packets.

        None where decoding cannot begin there, or what it takes lies behind the last of them.
        """
        n_missing = self._recovery(packets[0])
        if n_missing is None:
            return None
        for packet in packets:
            if n_missing <= 0:
                return packet.pts
            n_missing -= self._is_reference(packet)
        return None

    def is_right_at_once(self, packet: AnyPacket) -> bool:
        """Return whether a keyframe is a whole picture, and not the beginning of one that builds up."""
        return self._recovery(packet) == 0

    def _recovery(self, packet: AnyPacket) -> int | None:
        if self._codec not in {"h264", "hevc"}:
            return 0
        is_hevc, said = self._codec == "hevc", None
        for unit in self._units(bytes(memoryview(packet)[:_HEAD_BYTES])):
            kind = (unit[0] >> 1) & 63 if is_hevc else unit[0] & 31
            if kind == (_HEVC_SEI if is_hevc else _SEI):
                message = _recovery_point(unit[2 if is_hevc else 1 :])
                said = said if message is None else _count(message, is_signed=is_hevc)
            elif is_hevc and kind in _HEVC_VIDEO:
                return 0 if kind in _HEVC_IRAP else said
            elif not is_hevc and kind in _SLICES:
                return 0 if kind == _IDR or (said is None and self._is_intra(unit)) else said
        return 0  # nothing that we know: the container's word counts

    def _is_reference(self, packet: AnyPacket) -> bool:
        """Return whether a picture counts in H.264's recovery; in H.265 all do."""
        if self._codec == "hevc":
            return True
        head = bytes(memoryview(packet)[:_HEAD_BYTES])
        return next((bool(unit[0] >> 5 & 3) for unit in self._units(head) if unit[0] & 31 in _SLICES), False)

    def _is_intra(self, unit: bytes) -> bool:
        bits = _Bits(unit[1:_SLICE_BYTES])
        try:
            bits.golomb()
            return bits.golomb() % 5 in _INTRA
        except ValueError:
            return False

    def _slice(self, unit: bytes) -> _Slice | None:
        bits = _Bits(unit[1:_SLICE_BYTES])
        try:
            bits.golomb()
            kind, sequence = bits.golomb() % 5, self._sequences.get(self._sequence_of.get(bits.golomb(), -1))
            if sequence is None:
                return None
            bits.take(2 if sequence.has_colour_planes else 0)
            frame_number = bits.take(sequence.frame_number_bits)
            is_field = sequence.may_have_fields and bits.take(1)
            return _Slice(kind, frame_number, bool(bits.take(1)) if is_field else None)
        except ValueError:
            return None

    def _learn(self, unit: bytes) -> None:
        """Take in a parameter set; one that is damaged, or is none, is ignored."""
        bits = _Bits(unit[1:_SET_BYTES] if unit[0] & 31 in {_SPS, _PPS} else b"")
        try:
            if unit[0] & 31 == _SPS:
                number, sequence = _read_sequence(bits)
                self._sequences[number] = sequence
            elif unit[0] & 31 == _PPS:
                number = bits.golomb()
                self._sequence_of[number] = bits.golomb()
        except ValueError:
            return

    def _units(self, content: bytes) -> Iterator[bytes]:
        """Yield the non-empty NAL units of a packet."""
        if not self._length_bytes:
            yield from _after_start_codes(content)
            return
        at = 0
        while at + self._length_bytes < len(content):
            begin = at + self._length_bytes
            at = begin + int.from_bytes(content[at:begin], "big")
            if unit := content[begin:at]:
                yield unit


def _length_bytes(codec: str, extradata: bytes) -> int:
    """Return how many length bytes precede each unit, as in MP4 and Matroska; 0 for start codes."""
    at = {"h264": 4, "hevc": 21}.get(codec, 0)
    return (extradata[at] & 3) + 1 if extradata[:1] == b"\1" and len(extradata) > at else 0


def _after_start_codes(content: bytes) -> Iterator[bytes]:
    at = content.find(_START_CODE)
    while at >= 0:
        end = content.find(_START_CODE, at + 3)
        if unit := content[at + 3 : end if end >= 0 else None]:
            yield unit
        at = end


def _of_avcc(extradata: bytes) -> Iterator[bytes]:
    """Yield the parameter sets of an ``avcC`` box (ISO/IEC 14496-15, section 5.3.3.1)."""
    at = 5
    for mask in (31, 255):  # sequences, then pictures
        n_sets = extradata[at] & mask if at < len(extradata) else 0
        at += 1
        for _ in range(n_sets):
            begin = at + 2
            at = begin + int.from_bytes(extradata[at:begin], "big")
            if unit := extradata[begin:at]:
                yield unit


def _read_sequence(bits: _Bits) -> tuple[int, _Sequence]:
    """Read a sequence parameter set up to whether it may hold fields (ITU-T H.264, section 7.3.2.1.1)."""
    profile, _, number = bits.take(8), bits.take(16), bits.golomb()
    has_colour_planes = False
    if profile in _HIGH:
        is_444 = bits.golomb() == 3
        has_colour_planes = bool(is_444 and bits.take(1))
        bits.golomb(), bits.golomb(), bits.take(1)  # depths of bits
        if bits.take(1):
            for place in range(12 if is_444 else 8):
                if bits.take(1):
                    _skip_scaling_list(bits, 16 if place < 6 else 64)
    frame_number_bits = bits.golomb() + 4
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1), bits.golomb(), bits.golomb()
        for _ in range(bits.golomb()):
            bits.golomb()
    bits.golomb(), bits.take(1), bits.golomb(), bits.golomb()  # references, gaps, width, height
    return number, _Sequence(not bits.take(1), has_colour_planes, frame_number_bits)


def _skip_scaling_list(bits: _Bits, n_values: int) -> None:
    last = following = 8
    for _ in range(n_values):
        if following:
            following = (last + bits.signed_golomb()) % 256
        last = following or last


def _recovery_point(messages: bytes) -> bytes | None:
    """Return the payload of the recovery point among the SEI messages; None if there is none."""
    content, at = messages.replace(b"\0\0\3", b"\0\0"), 0
    while at + 2 < len(content):
        kind, at = _ff_coded(content, at)
        size, at = _ff_coded(content, at)
        if kind == _RECOVERY_POINT:
            return content[at : at + size]
        at += size
    return None


def _ff_coded(content: bytes, at: int) -> tuple[int, int]:
    """Return a number coded as bytes of 255 and a last byte, and the offset where it ends."""
    value = 0
    while at < len(content) and content[at] == 255:
        value, at = value + 255, at + 1
    return value + (content[at] if at < len(content) else 0), at + 1


def _count(payload: bytes, *, is_signed: bool) -> int | None:
    bits = _Bits(payload)
    try:
        return max(0, bits.signed_golomb() if is_signed else bits.golomb())
    except ValueError:
        return None
