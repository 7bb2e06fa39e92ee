"""Makes small files in the codecs of old cards, editors and broadcasters, with marks in pictures and sounds."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from scipy.ndimage import uniform_filter1d
from scipy.signal import correlate

from clips.tests.media.grey import frame_of
from clips.tests.media.made_up import N_BITS

BURSTS_RATE_HZ = 48_000
#: Where sound bursts, in seconds: no two gaps are alike, so that there is one place where they fit.
BURSTS_S = (0.05, 0.31, 0.48, 0.86, 1.03, 1.33, 1.52, 1.81, 2.03, 2.42)
_ENVELOPE_HZ = 2000
_BLOCK_PX = 16


@dataclass(frozen=True)
class Picture:
    """The encoding of a picture."""

    codec: str
    pix_fmt: str = "yuv420p"
    size: tuple[int, int] = (320, 192)
    rate: Fraction = Fraction(25)
    options: dict[str, str] = field(default_factory=dict)


PICTURES = {
    "prores": Picture("prores_ks", "yuv422p10le"),
    "prores 4444": Picture("prores_ks", "yuv444p10le", options={"profile": "4444"}),
    "dnxhr": Picture("dnxhd", "yuv422p", options={"profile": "dnxhr_lb"}),
    "cineform": Picture("cfhd", "yuv422p10le"),
    "dv": Picture("dvvideo", "yuv420p", size=(720, 576)),
    "vp8": Picture("libvpx", options={"g": "12", "deadline": "realtime", "auto-alt-ref": "0", "lag-in-frames": "0"}),
    "ffv1": Picture("ffv1", options={"g": "1"}),
    "ffv1 in groups": Picture("ffv1", options={"g": "12"}),
    "h263": Picture("h263", size=(352, 288), options={"g": "12"}),
    "mjpeg": Picture("mjpeg", "yuvj420p"),
    "mpeg4": Picture("mpeg4", options={"g": "12", "bf": "0"}),
    "mpeg2": Picture("mpeg2video", options={"g": "12", "bf": "0"}),
    "h264": Picture("libx264", options={"g": "12", "preset": "ultrafast", "bf": "0"}),
    "huffyuv": Picture("huffyuv", "yuv422p"),
}
#: Encoder → rate and layout; "" for none.
SOUNDS = {
    "": None, "pcm_u8": (11_025, "mono"), "pcm_s16le": (48_000, "stereo"), "pcm_s24le": (48_000, "stereo"),
    "pcm_mulaw": (8_000, "mono"), "pcm_alaw": (8_000, "mono"), "adpcm_ima_wav": (22_050, "mono"),
    "adpcm_ms": (22_050, "mono"), "adpcm_ima_qt": (44_100, "mono"), "libopencore_amrnb": (8_000, "mono"),
    "pcm_bluray": (48_000, "stereo"), "pcm_s16be": (48_000, "stereo"), "aac": (48_000, "mono"),
    "libmp3lame": (44_100, "mono"), "ac3": (48_000, "stereo"), "mp2": (48_000, "stereo"), "flac": (48_000, "mono"),
    "libopus": (48_000, "mono"), "pcm_f32le": (48_000, "mono"), "vorbis": (48_000, "stereo"),
}  # fmt: skip


def make_other(path: Path, picture: Picture, sound: str = "", *, frames: int = 60, sound_from_s: float = 0.0) -> Path:
    """Write numbered frames and bursts of sound; FFmpegError or ValueError if the container cannot hold it."""
    with av.open(str(path), "w", container_options={"strict": "-2"}) as container:
        video = container.add_stream(picture.codec, rate=picture.rate, options=dict(picture.options))
        video.width, video.height, video.pix_fmt = *picture.size, picture.pix_fmt
        audio = _sound_stream(container, sound) if sound else None
        heard = _Bursts(container, audio, frames / picture.rate, sound_from_s) if audio is not None else None
        for number in range(frames):
            if heard:
                heard.write_until((number + 10) / picture.rate)
            frame = _numbered(number, picture)
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if heard:
            heard.finish()
    return path


def make_broadcast(path: Path, sound: str, *, frames: int = 60) -> Path:
    """Write a transport stream of H.264 with "s302m", which no FFmpeg of ours encodes, or "pcm_bluray"."""
    picture = PICTURES["h264"]
    options = {"mpegts_m2ts_mode": "1"} if path.suffix == ".m2ts" else {}
    samples = bursts(frames / 25)
    with av.open(str(path), "w", format="mpegts", container_options=options) as container:
        video = container.add_stream(picture.codec, rate=picture.rate, options=dict(picture.options))
        video.width, video.height, video.pix_fmt = *picture.size, picture.pix_fmt
        is_raw = sound == "s302m"
        heard = container.add_mux_stream(sound, rate=BURSTS_RATE_HZ) if is_raw else _sound_stream(container, sound)
        for number in range(frames):
            stereo = np.repeat(samples[number * 1920 : (number + 1) * 1920], 2).reshape(1, -1)
            if is_raw:
                packet = av.Packet(_s302m(stereo.reshape(-1, 2)))
                packet.stream, packet.time_base, packet.duration = heard, Fraction(1, BURSTS_RATE_HZ), 1920
                packet.pts = packet.dts = number * 1920
                container.mux(packet)
            else:
                piece = av.AudioFrame.from_ndarray(stereo, format="s16", layout="stereo")
                piece.sample_rate, piece.pts, piece.time_base = (
                    BURSTS_RATE_HZ,
                    number * 1920,
                    Fraction(1, BURSTS_RATE_HZ),
                )
                container.mux(heard.encode(piece))
            frame = _numbered(number, picture)
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def _s302m(stereo: np.ndarray) -> bytes:
    """Return 16 bits of two channels [shape=(n, 2), int16] as SMPTE ST 302 has them: each byte's bits turned round."""
    left, right = (stereo[:, channel].astype(np.uint16) for channel in (0, 1))
    parts = [left & 0xFF, left >> 8, (right & 0x0F) << 4, right >> 4 & 0xFF, right >> 12]
    body = np.stack(parts, axis=1).astype(np.uint8)
    turned = np.packbits(np.unpackbits(body[..., np.newaxis], axis=-1)[..., ::-1], axis=-1)
    return (body.size << 16).to_bytes(4, "big") + turned.tobytes()


def bursts(length_s: float) -> np.ndarray:
    """Return the sound [shape=(n,), int16] at BURSTS_RATE_HZ: tones of 30 ms, silence between."""
    times_s = np.arange(round(length_s * BURSTS_RATE_HZ)) / BURSTS_RATE_HZ
    loud = np.zeros(len(times_s))
    for at_s in BURSTS_S:
        loud[(times_s >= at_s) & (times_s < at_s + 0.03)] = 1
    return (loud * np.sin(2 * np.pi * 900 * times_s) * 24_000).astype(np.int16)


def lag_of_bursts_s(path: Path, start_s: float, length_s: float) -> float:
    """Return how late a clip's sound plays; the clip begins at ``start_s`` of the source."""
    at, samples = _decoded(path)
    whole = np.zeros(round((length_s + 1) * BURSTS_RATE_HZ))
    part = samples[max(0, -at) :][: len(whole) - max(0, at)]
    whole[max(0, at) : max(0, at) + len(part)] = part
    begin = round(start_s * BURSTS_RATE_HZ)
    expected = bursts(start_s + length_s)[begin:].astype(float)
    got, wanted = _envelope(whole[: len(expected)]), _envelope(expected)
    agreement = correlate(got - got.mean(), wanted - wanted.mean(), mode="full")
    return (int(np.argmax(agreement)) - (len(wanted) - 1)) / _ENVELOPE_HZ


def _decoded(path: Path) -> tuple[int, np.ndarray]:
    """Return the position of the sound's first sample, and its first channel at BURSTS_RATE_HZ."""
    resampler, pieces, at = AudioResampler(format="s16", layout="mono", rate=BURSTS_RATE_HZ), [], None
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            if at is None:
                at = round(frame.pts * frame.time_base * BURSTS_RATE_HZ)
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    return at or 0, np.concatenate(pieces).astype(float) if pieces else np.zeros(0)


def _envelope(samples: np.ndarray) -> np.ndarray:
    smooth = uniform_filter1d(np.abs(samples), BURSTS_RATE_HZ // 500)
    return smooth[:: BURSTS_RATE_HZ // _ENVELOPE_HZ]


def _numbered(number: int, picture: Picture) -> av.VideoFrame:
    width, height = picture.size
    luma = np.full((height, width), 96, dtype=np.uint8)
    bits = (number >> np.arange(N_BITS)) & 1
    luma[:_BLOCK_PX, : N_BITS * _BLOCK_PX] = np.repeat(bits * 255, _BLOCK_PX).astype(np.uint8)
    return frame_of(luma, picture.pix_fmt)


def _sound_stream(container, sound: str):
    rate_hz, layout = SOUNDS[sound]
    stream = container.add_stream(sound, rate=rate_hz, layout=layout, options={"strict": "-2"})
    if sound == "libopencore_amrnb":
        stream.bit_rate = 12_200
    return stream


class _Bursts:
    """Writes the sound beside the picture, as a camera does."""

    def __init__(self, container, stream, length_s: Fraction, from_s: float) -> None:
        self._container, self._stream = container, stream
        self._samples, self._at = bursts(float(length_s)), round(from_s * BURSTS_RATE_HZ)
        context = stream.codec_context
        self._resampler = AudioResampler(
            format=context.format.name, layout=context.layout.name, rate=context.sample_rate
        )

    def write_until(self, time_s: Fraction) -> None:
        end = min(len(self._samples), round(time_s * BURSTS_RATE_HZ))
        while self._at < end:
            piece = self._samples[self._at : min(end, self._at + 1920)]
            frame = av.AudioFrame.from_ndarray(piece.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = BURSTS_RATE_HZ, self._at, Fraction(1, BURSTS_RATE_HZ)
            for heard in self._resampler.resample(frame):
                self._container.mux(self._stream.encode(heard))
            self._at += len(piece)

    def finish(self) -> None:
        self.write_until(Fraction(len(self._samples), BURSTS_RATE_HZ))
        for heard in self._resampler.resample(None):
            self._container.mux(self._stream.encode(heard))
        self._container.mux(self._stream.encode(None))
