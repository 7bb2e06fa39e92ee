"""Tests rendered reels by what is seen and heard in them: numbers in pictures, noise in sound, text, colours."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from scipy.signal import correlate

from clips.media import MediaError
from clips.media.mp4 import boxes
from clips.media.reel.join import join, snap_to_beats
from clips.media.reel.plan import SOUND_RATE_HZ, Card, Frame, Item, Plan, as_json, lay_out
from clips.media.reel.segment import make_segment, survey
from clips.media.sandbox import runner
from clips.tests.media.grey import luma_of
from clips.tests.media.made_up import decoded_sound, frame_number, frame_times, make_video, shown_numbers, sound

FONTS = str(Path(__file__).resolve().parents[3] / "static" / "fonts")
SMALL = Frame(320, 180, Fraction(30))
HLG = {"codec": "libx265", "pix_fmt": "yuv420p10le", "encoder_params": "colorprim=bt2020:transfer=arib-std-b67"}

pytestmark = pytest.mark.slow


def rendered(plan: Plan, folder: Path, *, music: Path | None = None, snaps: bool = False) -> tuple[Path, dict]:
    told = as_json(plan)
    lengths = survey(told["items"], told["frame"]["rate_hz"])
    if snaps:
        lengths = snap_to_beats(told, lengths, str(music))
    paths = [folder / f"segment-{segment.number}.mp4" for segment in lay_out(plan, lengths).segments]
    for number, path in enumerate(paths):
        make_segment(told, lengths, number, str(path), FONTS)
    sounds = [str(path.with_suffix(".npy")) for path in paths]
    out = folder / "reel.mp4"
    more = {"music_path": str(music)} if music else {}
    return out, join(told, lengths, [str(path) for path in paths], sounds, str(out), **more)


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("films")
    jitter = [round(number * 1001 / 30 + (7 if number % 3 else 0)) for number in range(60)]
    return {
        "30": make_video(folder / "30.mp4", frames=90, rate=30, seed=1),
        "60": make_video(folder / "60.mp4", frames=120, rate=60, bframes=2, seed=2),
        "120": make_video(folder / "120.mp4", frames=120, rate=120, seed=3),
        "ntsc": make_video(folder / "ntsc.mov", frames=60, rate=Fraction(30000, 1001), audio=False),
        "vfr": make_video(folder / "vfr.mkv", frames=60, pts=jitter, rate=30, seed=4),
        "hdr": make_video(folder / "hdr.mp4", frames=30, rate=30, **HLG, seed=5),
        "turned": make_video(folder / "turned.mp4", frames=30, rate=30, rotation=180, seed=6),
        "large": make_video(folder / "large.mp4", frames=30, rate=30, size=(1280, 720), seed=7),
    }


def test_every_picture_comes_once_in_order_and_sound_keeps_to_it(films, tmp_path):
    items = (
        Item(str(films["30"])),
        Item(str(films["120"]), speed_percent=25),
        Item(str(films["30"]), start_ms=1000, end_ms=1999),
        Item(str(films["60"])),
        Item(str(films["ntsc"])),
        Item(str(films["30"])),
    )
    out, made = rendered(Plan(SMALL, items), tmp_path)
    numbers = [*range(90), *range(120), *range(30, 60), *range(0, 120, 2), *range(60), *range(90)]
    assert shown_numbers(out) == numbers
    assert frame_times(out) == [Fraction(number, 30) for number in range(len(numbers))]
    assert made["pictures"] == len(numbers)
    assert made["peak_db"] <= -1.0
    heard = decoded_sound(out)
    for begin, seed, first_s, length_s in ((0, 1, 0, 3), (210, 1, 1, 1), (240, 2, 0, 2), (360, 1, 0, 3)):
        noise = sound(3 if seed == 1 else 2, seed=seed)[round(first_s * SOUND_RATE_HZ) :][
            : round(length_s * SOUND_RATE_HZ)
        ]
        at = round(begin * SOUND_RATE_HZ / 30)
        around = heard[max(0, at - 4800) : at + len(noise) + 4800]
        late = int(np.argmax(correlate(around, noise, mode="valid", method="fft"))) - (at - max(0, at - 4800))
        assert abs(late) <= 0.010 * SOUND_RATE_HZ, (begin, late)
    with av.open(str(out)) as container:
        picture, sounds = container.streams.video[0], container.streams.audio[0]
        context = picture.codec_context
        assert (context.profile, context.pix_fmt, sounds.codec_context.name) == ("High", "yuv420p", "aac")
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        assert picture.average_rate == 30
        assert abs(float(sounds.duration * sounds.time_base) - len(numbers) / 30) < 0.03
    with out.open("rb") as file:
        order = [box.kind for box in boxes.top_level(file)]
    assert order.index(b"moov") < order.index(b"mdat")


def test_sources_of_any_kind_go_together(films, tmp_path):
    items = tuple(Item(str(films[name])) for name in ("vfr", "hdr", "large", "ntsc"))
    out, made = rendered(Plan(Frame(640, 360, Fraction(30000, 1001)), (*items, Item(str(films["turned"])))), tmp_path)
    assert made["pictures"] == 60 + 30 + 30 + 60 + 30
    assert frame_times(out)[-1] == 209 * Fraction(1001, 30000)
    with av.open(str(out)) as container:
        pictures = [luma_of(frame) for frame in container.decode(video=0)]
    doubled = [frame_number(picture[::2, ::2]) for picture in pictures]
    assert doubled[60:90] == list(range(30))
    assert doubled[120:180] == list(range(60))
    assert [frame_number(picture[::-1, ::-1][::2, ::2]) for picture in pictures[180:]] == list(range(30))
    assert doubled[:60] == sorted(doubled[:60])


def test_a_narrow_film_is_led_through_the_places_where_somebody_put_it(films, tmp_path):
    led = Item(str(films["large"]), path=((0.0, 0.5),), places=((0.2, 0.0), (0.8, 1.0)))
    out, _made = rendered(Plan(Frame(90, 160, Fraction(30)), (led,)), tmp_path)
    with av.open(str(films["large"])) as whole, av.open(str(out)) as narrow:
        wide = [frame.reformat(284, 160, format="gray", threads=1).to_ndarray() for frame in whole.decode(video=0)]
        seen = [luma_of(frame)[:, :90] for frame in narrow.decode(video=0)]
    at = lambda n: min(range(195), key=lambda x: np.abs(wide[n][:, x : x + 90].astype(int) - seen[n]).mean())  # noqa: E731
    assert [at(0), at(15), at(29)] == [pytest.approx(px, abs=3) for px in (0, 97, 194)]


def test_clips_fade_into_each_other_and_names_come_and_go(films, tmp_path):
    items = (
        Item(str(films["30"]), names=("Mia Łukasz", "FS 360"), has_sound=False),
        Item(str(films["60"]), title="First try"),
    )
    plan = Plan(Frame(640, 360, Fraction(30)), items, True, Card("Backyard"), Card("Riders", ("Mia", "Jo")))
    out, made = rendered(plan, tmp_path)
    assert made["pictures"] == 75 + 90 + 60 - 15 + 90
    with av.open(str(out)) as container:
        pictures = [luma_of(frame).astype(int) for frame in container.decode(video=0)]
    low_left = [int((picture[270:340, 30:300] > 225).sum()) for picture in pictures]
    assert low_left[40 + 75] > low_left[75 + 88] + 200
    assert pictures[0].max() < 80
    assert pictures[40].max() > 200
    between = pictures[75 + 75 + 7][8, :256]
    assert ((between > 60) & (between < 200)).any()
    heard = decoded_sound(out)
    assert np.abs(heard[: 5 * SOUND_RATE_HZ]).max() < 0.01
    assert np.abs(heard[6 * SOUND_RATE_HZ : 7 * SOUND_RATE_HZ]).max() > 0.1


def test_music_plays_below_landings_and_cuts_lie_on_its_beats(films, tmp_path):
    landing = make_video(tmp_path / "landing.mp4", frames=100, rate=30, events_s=(1.5,))
    music = tmp_path / "music.wav"
    samples = np.random.default_rng(1).normal(0, 0.05, 48_000 * 10).astype(np.float32)
    for at_s in np.arange(0.5, 9.9, 0.5):
        samples[round(at_s * 48_000) :][:1200] *= 12
    with av.open(str(music), "w") as file:
        track = file.add_stream("pcm_s16le", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            (samples.clip(-1, 1) * 32767).astype(np.int16)[None], format="s16", layout="mono"
        )
        frame.sample_rate = 48_000
        file.mux([*track.encode(frame), *track.encode(None)])
    items = (Item(str(landing)), Item(str(landing), has_sound=False))
    out, made = rendered(Plan(SMALL, items), tmp_path, music=music, snaps=True)
    numbers = shown_numbers(out)
    cut_at = numbers.index(0, 1)
    assert min(cut_at % 15, 15 - cut_at % 15) <= 1
    assert 75 <= cut_at <= 100
    assert made["lufs"] == pytest.approx(-14, abs=1)
    assert made["peak_db"] <= -1.0
    with pytest.raises(MediaError, match="music"):
        snap_to_beats(as_json(Plan(SMALL, items)), [90, 90], __file__)


def test_a_reel_is_rendered_in_the_sandbox_and_a_missing_part_is_no_reel(films, tmp_path):
    plan = as_json(Plan(Frame(180, 320, Fraction(25)), (Item(str(films["60"]), names=("Mia",)),)))
    lengths = runner.run("clips.media.reel.segment:survey", {"items": plan["items"], "rate_hz": "25"})
    assert lengths == [50]
    out = tmp_path / "0.mp4"
    asked = {"plan": plan, "lengths": lengths, "number": 0, "out": str(out), "fonts_path": FONTS}
    assert runner.run("clips.media.reel.segment:make_segment", asked) == {"pictures": 50}
    whole = {"plan": plan, "segment_paths": [str(out)], "sound_paths": [str(out.with_suffix(".npy"))]}
    whole |= {"out": str(tmp_path / "reel.mp4")}
    assert runner.run("clips.media.reel.join:join", whole | {"lengths": lengths})["pictures"] == 50
    with pytest.raises(MediaError, match="incomplete"):
        runner.run("clips.media.reel.join:join", whole | {"lengths": [51]})
