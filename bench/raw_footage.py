"""Makes long raw videos for a measurement from a few seconds of made-up film, whose packets are repeated."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from django.conf import settings
from django.utils import timezone

from clips.media.probe import probe
from clips.models import Job, OriginalFile, Shoot
from clips.storage import files

#: Of film that is encoded; a keyframe each second, and no frame that looks ahead, as action cameras write.
SHORT_S = 2
_NO_LOOK_AHEAD = "bframes=0:scenecut=0:keyint={gop}:min-keyint={gop}:log-level=error"


@dataclass(frozen=True)
class Kind:
    """Format of a made-up camera file."""

    codec: str
    width_px: int
    height_px: int
    rate_hz: int
    bits_per_second: int
    preset: str


H264 = Kind("libx264", 1920, 1080, 60, 12_000_000, "ultrafast")
HEVC = Kind("libx265", 3840, 2160, 60, 45_000_000, "ultrafast")
KINDS = {"h264": H264, "hevc": HEVC}


@contextmanager
def raw_video(kind: Kind, *, length_s: int) -> Iterator[OriginalFile]:
    """Yield a read video of a session of its own; both are gone afterwards."""
    stored_path = f"originals/{uuid.uuid4()}.mp4"
    path = settings.DATA_DIR / stored_path
    path.parent.mkdir(parents=True, exist_ok=True)
    short = path.with_suffix(".short.mp4")
    shoot = original = None
    try:
        _write_short(kind, short)
        _repeat(short, path, times=length_s // SHORT_S)
        shoot = Shoot.objects.called(f"Watch bench {uuid.uuid4().hex[:6]}", timezone.localdate())
        original = OriginalFile.objects.create(
            shoot=shoot,
            original_filename="GX010001.MP4",
            stored_path=stored_path,
            file_hash=uuid.uuid4().hex * 2,
            size_bytes=path.stat().st_size,
        )
        original.apply_probe(probe(str(path)))
        yield original
    finally:
        short.unlink(missing_ok=True)
        if original is not None:
            Job.objects.filter(original_file=original).cancel_all()
            files.discard(list(original.pieces.values_list("stored_path", flat=True)))
            Job.objects.filter(original_file=original).delete()
            original.delete()
        if shoot is not None:
            shoot.delete()
        path.unlink(missing_ok=True)


def _write_short(kind: Kind, path: Path) -> None:
    gop = kind.rate_hz
    params = _NO_LOOK_AHEAD.format(gop=gop)
    if kind.codec == "libx264":
        options = {"x264-params": params.replace(":log-level=error", "")}
    else:
        options = {"x265-params": params}
    most = {"maxrate": str(kind.bits_per_second), "bufsize": str(kind.bits_per_second)}
    with av.open(str(path), "w") as target:
        track = target.add_stream(kind.codec, rate=kind.rate_hz, options={"preset": kind.preset} | options | most)
        track.width, track.height, track.pix_fmt = kind.width_px, kind.height_px, "yuv420p"
        track.codec_context.bit_rate = kind.bits_per_second
        sound = target.add_stream("aac", rate=48_000, layout="mono")
        for frame in _pictures(kind):
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
        noise = np.random.default_rng(1).normal(0, 0.05, (1, 48_000 * SHORT_S)).astype(np.float32)
        heard = av.AudioFrame.from_ndarray(noise, format="fltp", layout="mono")
        heard.sample_rate, heard.pts, heard.time_base = 48_000, 0, Fraction(1, 48_000)
        target.mux(sound.encode(heard))
        target.mux(sound.encode(None))


def _pictures(kind: Kind) -> Iterator[VideoFrame]:
    """Yield frames of a texture that passes by, with a little noise, so that each differs from the one before."""
    rng = np.random.default_rng(1)
    step_px = kind.width_px // 240
    tall, wide = kind.height_px, kind.width_px + kind.rate_hz * SHORT_S * step_px
    coarse = rng.integers(40, 215, (tall // 8 + 1, wide // 8 + 1), dtype=np.uint8)
    texture = np.repeat(np.repeat(coarse, 8, 0), 8, 1)[:tall, :wide]
    grey = np.full((tall // 2 * kind.width_px // 2,), 128, np.uint8).tobytes()
    for number in range(kind.rate_hz * SHORT_S):
        noise = rng.integers(0, 8, (1, kind.width_px), dtype=np.uint8)
        luma = texture[:, number * step_px : number * step_px + kind.width_px] + noise
        frame = VideoFrame(kind.width_px, tall, "yuv420p")
        for plane, data in zip(frame.planes, (np.ascontiguousarray(luma).tobytes(), grey, grey), strict=True):
            plane.update(data)
        frame.pts, frame.time_base = number, Fraction(1, kind.rate_hz)
        yield frame


def _repeat(short: Path, path: Path, *, times: int) -> None:
    with av.open(str(short)) as source, av.open(str(path), "w") as target:
        tracks = {s.index: target.add_stream_from_template(s, opaque=True) for s in source.streams}
        packets = [
            (p.stream, bytes(p), p.pts, p.dts, p.is_keyframe) for p in source.demux() if p.size and not p.is_discard
        ]
        packets.sort(key=lambda packet: packet[3] * packet[0].time_base)
        for number in range(times):
            for stream, data, pts, dts, is_keyframe in packets:
                later = round(number * SHORT_S / stream.time_base)
                if stream.type == "audio" and pts >= SHORT_S / stream.time_base:
                    continue
                packet = av.Packet(data)
                packet.stream, packet.time_base = tracks[stream.index], stream.time_base
                packet.is_keyframe, packet.pts, packet.dts = is_keyframe, pts + later, dts + later
                target.mux(packet)
