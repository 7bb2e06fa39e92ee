"""Joins the two fields of a picture that are stored in separate packets (PAFF), as AVCHD cameras write.

An H.264 picture that is coded in two fields is two access units, and so two packets in a transport stream and in what
is copied out of one. Counting packets then counts twice as many pictures, and stopping at a packet may stop in the
middle of a picture. Other cameras write both fields in one packet, which every decoder takes.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import av.error
from av.video.stream import VideoStream

from clips.media.pictures.coded import CodedPictures, Field
from clips.media.timestamps import AnyPacket

#: No standard has more interlaced pictures a second.
_MOST_INTERLACED_HZ = 30


def whole_pictures(packets: Iterable[AnyPacket], stream: VideoStream) -> Iterator[AnyPacket]:
    """Yield packets, those of ``stream`` with a whole picture each.

    Parameters
    ----------
    packets : iterable of Packet
        As they lie in the file, also of other streams. One field alone at their beginning, where a seek landed in the
        middle of a picture, is left out; a later one without its other half stays as it is. So do those that an edit
        list hides, for only the demuxer can mark them.
    stream : VideoStream
        The picture.
    """
    coded = CodedPictures(stream)
    if not coded.may_have_fields:
        yield from packets
        return
    waiting: tuple[AnyPacket, Field] | None = None
    has_begun = False
    try:
        for packet in packets:
            if packet.stream.index != stream.index:
                yield packet
                continue
            field = coded.field(packet) if packet.size and not packet.is_discard else None
            if waiting and waiting[1].is_completed_by(field):
                packet, field = _joined(waiting[0], packet), None
            elif waiting and has_begun:
                yield waiting[0]
            has_begun = has_begun or bool(waiting) or not field
            waiting = (packet, field) if field else None
            if not waiting:
                yield packet
    except av.error.FFmpegError:
        if waiting and has_begun:
            yield waiting[0]
        raise
    if waiting and has_begun:
        yield waiting[0]


def picture_rate(stream: VideoStream) -> Fraction | None:
    """Return a stream's average pictures per second; FFmpeg counts packets, of which two may be one picture."""
    rate = stream.average_rate
    if rate and rate > _MOST_INTERLACED_HZ and CodedPictures(stream).may_have_fields:
        return Fraction(rate) / 2
    return rate


def _joined(first: AnyPacket, second: AnyPacket) -> AnyPacket:
    """Return both fields in one packet, with the times of the one decoded first."""
    whole = av.Packet(bytes(first) + bytes(second))
    whole.stream, whole.time_base = first.stream, first.time_base
    whole.pts, whole.dts = first.pts, first.dts
    whole.is_keyframe = first.is_keyframe
    whole.is_corrupt = first.is_corrupt or second.is_corrupt
    whole.duration = (first.duration or 0) + (second.duration or 0)
    return whole
