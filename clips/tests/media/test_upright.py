"""Tests the conversion to BT.709 of sources in HDR, in wide gamuts, and in other encodings."""

from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from clips.media.render.orientation import Upright

PATCH_PX = 32
PQ, HLG = 16, 18
BT709, BT2020, P3 = 1, 9, 12
#: How much of the luminance red and blue are, by the code of the matrix.
MATRICES = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
#: Light of BT.709's red, green and blue in that of BT.2020 (ITU-R BT.2087).
BT709_IN_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
X265_NAMES = {PQ: "smpte2084", HLG: "arib-std-b67"}


def pq(nits) -> np.ndarray:
    """Return the PQ signal of a luminance (SMPTE ST 2084)."""
    root = (np.asarray(nits) / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * root) / (1 + 2392 / 128 * root)) ** (2523 / 32)


def patches(colours: np.ndarray, *, matrix: int, n_bits: int, is_full: bool = False) -> VideoFrame:
    """Draw colours [shape=(n, 3), 0 to 1] side by side in Y'CbCr; the last one is repeated to the smallest width that
    encoders take.
    """
    colours = np.concatenate([colours, np.repeat(colours[-1:], max(0, 8 - len(colours)), axis=0)])
    red_share, blue_share = MATRICES[matrix]
    luma = colours @ [red_share, 1 - red_share - blue_share, blue_share]
    chroma = [(colours[:, 2] - luma) / (2 - 2 * blue_share), (colours[:, 0] - luma) / (2 - 2 * red_share)]
    one = 2 ** (n_bits - 8)
    scale, lift, swing = (255, 0, 255) if is_full else (219, 16, 224)
    planes = [luma * scale * one + lift * one, *(part * swing * one + 128 * one for part in chroma)]
    kind = np.uint8 if n_bits == 8 else np.uint16
    frame = VideoFrame(PATCH_PX * len(colours), 64, "yuv420p" if n_bits == 8 else f"yuv420p{n_bits}le")
    for plane, values, width_px in zip(frame.planes, planes, (PATCH_PX, PATCH_PX // 2, PATCH_PX // 2), strict=True):
        drawn = np.zeros((plane.height, plane.line_size // np.dtype(kind).itemsize), dtype=kind)
        row = np.repeat(np.round(values).astype(kind), width_px)
        drawn[:, : len(row)] = row
        plane.update(drawn.tobytes())
    frame.pts, frame.time_base = 0, Fraction(1, 30)
    return frame


def through_x265(frame: VideoFrame, transfer: int) -> VideoFrame:
    """Encode a frame with HDR's tags as a camera does, and read it back."""
    encoder = av.CodecContext.create("libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, frame.format.name
    encoder.time_base, encoder.framerate = frame.time_base, 30
    tags = f"colorprim=bt2020:transfer={X265_NAMES[transfer]}:colormatrix=bt2020nc:range=limited"
    encoder.options = {"preset": "ultrafast", "x265-params": f"log-level=none:pools=1:qp=4:{tags}"}
    decoder = av.CodecContext.create("hevc", "r")
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    (read,) = [*(frame for packet in packets for frame in decoder.decode(packet)), *decoder.decode(None)]
    read.time_base = frame.time_base
    return read


def tagged(frame: VideoFrame, *, matrix: int, primaries: int = BT709, transfer: int = 1, range_: int = 1) -> VideoFrame:
    frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range = matrix, primaries, transfer, range_
    return frame


def shown(frame: VideoFrame, n_patches: int, *, matrix: int = BT709, is_full: bool = False) -> np.ndarray:
    """Return the BT.709 values of each patch [shape=(n, 3), 0 to 1], read without FFmpeg's converters."""
    assert frame.format.name in {"yuv420p", "yuvj420p"}
    values = []
    for plane, width_px in zip(frame.planes, (PATCH_PX, PATCH_PX // 2, PATCH_PX // 2), strict=True):
        drawn = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        middles = np.arange(n_patches) * width_px + width_px // 2
        values.append(drawn[plane.height // 4 : -plane.height // 4][:, middles].mean(axis=0))
    scale, lift, swing = (255, 0, 255) if is_full else (219, 16, 224)
    luma, blue, red = (values[0] - lift) / scale, (values[1] - 128) / swing, (values[2] - 128) / swing
    red_share, blue_share = MATRICES[matrix]
    red, blue = luma + red * (2 - 2 * red_share), luma + blue * (2 - 2 * blue_share)
    green = (luma - red_share * red - blue_share * blue) / (1 - red_share - blue_share)
    return np.stack([red, green, blue], axis=1)


def upright(frame: VideoFrame, **options) -> VideoFrame:
    return Upright(frame, None, shorter_px=1080, **options)(frame)


def says(frame: VideoFrame) -> tuple[int, int, int, int]:
    return frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_ramp_of_greys_stays_grey_and_rises(transfer):
    steps = np.linspace(0, 1, 24)
    source = through_x265(patches(np.repeat(steps[:, None], 3, axis=1), matrix=BT2020, n_bits=10), transfer)
    assert (source.color_trc, source.color_primaries, source.format.name) == (transfer, BT2020, "yuv420p10le")
    small = upright(source)
    assert says(small) == (BT709, BT709, BT709, 1)
    told = shown(small, len(steps))
    assert np.abs(told - told.mean(axis=1, keepdims=True)).max() < 0.02, "grey is grey"
    luma = told.mean(axis=1)
    assert (np.diff(luma) > -0.005).all(), "nothing gets darker on the way up"
    assert luma[0] == pytest.approx(0, abs=0.01)
    assert luma[-1] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("transfer", "signal", "low", "high"),
    [
        (PQ, float(pq(203)), 0.85, 0.95),  # reference white
        (HLG, 0.75, 0.75, 0.95),
        (PQ, float(pq(1000)), 0.98, 1.01),  # the brightest that cameras grade for
        (PQ, float(pq(26)), 0.38, 0.46),  # the grey card: 18 % of white's light would be 0.45 of the signal
        (HLG, 0.38, 0.36, 0.46),
    ],
)
def test_white_is_near_white_and_a_grey_card_in_the_middle(transfer, signal, low, high):
    frame = patches(np.full((2, 3), signal), matrix=BT2020, n_bits=10)
    told = shown(upright(through_x265(frame, transfer)), 2)
    assert low <= told.mean() <= high


def test_colours_within_bt709_keep_hue_and_saturation():
    wanted = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1], [0.6, 0.4, 0.3]], dtype=float)
    light = np.clip(wanted @ BT709_IN_BT2020.T, 0, 1) * 90  # below where highlights are rolled off
    source = through_x265(patches(pq(light), matrix=BT2020, n_bits=10), PQ)
    told = np.clip(shown(upright(source), len(wanted)), 0, 1)
    np.testing.assert_allclose(told**2.4, wanted * 90 / 203, atol=0.03)  # as light, of which white is 1


def test_colours_that_bt709_lacks_keep_their_order():
    """The most saturated red, green and blue of BT.2020 come out as red, green and blue, within what there is."""
    source = patches(pq(np.eye(3) * 203), matrix=BT2020, n_bits=10)
    told = shown(upright(through_x265(source, PQ)), 3)
    assert (told.argmax(axis=1) == [0, 1, 2]).all()
    assert told.min() > -0.03
    assert told.max() < 1.03


def test_ten_bits_of_bt709_are_only_rounded():
    steps = np.linspace(0, 1, 24)
    frame = tagged(patches(np.repeat(steps[:, None], 3, axis=1), matrix=BT709, n_bits=10), matrix=BT709)
    told = shown(upright(frame), len(steps))
    np.testing.assert_allclose(told, np.repeat(steps[:, None], 3, axis=1), atol=0.006)


def test_sdr_in_a_wide_gamut_gets_more_saturated_numbers_for_the_same_colour():
    muted = np.array([[0.7, 0.4, 0.4], [0.4, 0.7, 0.4], [0.5, 0.5, 0.5]])
    for primaries in (BT2020, P3):
        told = shown(
            upright(tagged(patches(muted, matrix=BT709, n_bits=10), matrix=BT709, primaries=primaries)), len(muted)
        )
        assert told[0, 0] - told[0, 1] > 0.32
        assert told[1, 1] - told[1, 0] > 0.32
        np.testing.assert_allclose(told[2], 0.5, atol=0.01)


COLOURS = np.array([[0.8, 0.2, 0.2], [0.2, 0.8, 0.2], [0.2, 0.2, 0.8], [0.5, 0.5, 0.5], [1, 1, 1], [0, 0, 0]])


@pytest.mark.parametrize(("matrix", "is_full"), [(1, False), (1, True), (6, False), (6, True)])
def test_whatever_the_coding_the_colours_are_the_same(matrix, is_full):
    frame = patches(COLOURS, matrix=matrix, n_bits=8, is_full=is_full)
    small = upright(tagged(frame, matrix=matrix, range_=2 if is_full else 1))
    assert (small.colorspace, small.color_range) == (1, 1)
    np.testing.assert_allclose(shown(small, len(COLOURS)), COLOURS, atol=0.025)


@pytest.mark.parametrize(("height_px", "matrix"), [(64, 6), (720, 1)])
def test_what_does_not_say_how_it_is_coded_is_understood_by_its_size(height_px, matrix):
    frame = patches(COLOURS, matrix=matrix, n_bits=8).reformat(width=1280, height=height_px)
    small = upright(tagged(frame, matrix=2, primaries=2, transfer=2))
    back = small.reformat(width=PATCH_PX * 8, height=64)
    np.testing.assert_allclose(shown(back, len(COLOURS)), COLOURS, atol=0.03)


def test_a_jpeg_is_coded_as_all_readers_of_jpeg_expect():
    small = upright(tagged(patches(COLOURS, matrix=1, n_bits=8), matrix=1), pix_fmt="yuvj420p")
    np.testing.assert_allclose(shown(small, len(COLOURS), matrix=6, is_full=True), COLOURS, atol=0.02)


def test_hdr_keeps_the_times_of_frames_that_come_in_any_order():
    source = through_x265(patches(np.full((8, 3), 0.5), matrix=BT2020, n_bits=10), PQ)
    turned = Upright(source, None, shorter_px=1080)
    times = []
    for pts in (90, 30, 30, 3000):
        source.pts = pts
        times.append(turned(source).pts)
    assert times == [90, 30, 30, 3000]
    assert source.pts == 3000


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le", "gbrp", "gray"])
@pytest.mark.parametrize(("matrix", "primaries", "transfer"), [(0, 0, 0), (3, 22, 18), (14, 2, 17), (8, 9, 16)])
def test_what_makes_no_sense_about_colours_is_passed_over(pix_fmt, matrix, primaries, transfer):
    frame = VideoFrame(64, 64, pix_fmt)
    frame.pts, frame.time_base = 7, Fraction(1, 30)
    small = upright(tagged(frame, matrix=matrix, primaries=primaries, transfer=transfer))
    assert (small.format.name, small.pts, *says(small)) == ("yuv420p", 7, 1, 1, 1, 1)
