"""Makes clips that a running site plays: each with a small file of its own that browsers know, and a picture."""

import datetime as dt
import hashlib
import uuid
from pathlib import Path
from zlib import crc32

import av
from django.conf import settings
from django.urls import reverse
from PIL import Image

from clips.library.pairs import change
from clips.models import CandidateSegment, Filmstrip, FinalClip, OriginalFile, Shoot, VideoPair
from clips.reels.editing import Hand, add_clips, make_reel
from clips.tests.factories import CandidateSegmentFactory, FinalClipFactory, OriginalFileFactory
from clips.tests.media.made_up import make_video
from people.models import Member, Person
from tricks.models import Trick

RATE = 60
SECONDS = (2, 1, 3, 2)
TRICKS = ("KFED", "Back 3", "Lipslide", "Nose butter")
LATER_MS = 5000
TILE_PX, COLUMNS = (128, 72), 12


def make_clips(session: str = "Edit Evening", *, riders: str = "Miller Downey") -> list[str]:
    """Make four clips of a session, of two, one, three and two seconds; return their ids in the order of the day."""
    shoot = Shoot.objects.called(session, dt.date(2024, 12, 1))
    person = Person.objects.find_or_add(riders)
    original = OriginalFileFactory(
        shoot=shoot, duration_ms=60_000, rate_num=RATE, rate_den=1, codec="h264", probe={"pix_fmt": "yuv420p"},
        camera_id="CAM_GOPRO11", fps_label="60FPS",
    )  # fmt: skip
    made = []
    for number, (length_s, trick) in enumerate(zip(SECONDS, TRICKS, strict=True)):
        made.append(_clip(original, 10_000 * number, length_s, seed=number, person=person, trick=trick))
    strip(stored(made[-1].stored_path), original)
    FinalClip.objects.filter(pk__in=[clip.pk for clip in made]).refresh_search()
    return [str(clip.pk) for clip in made]


def make_angles(session: str, *, riders: str = "Miller Downey") -> list[str]:
    """Make a trick of three seconds that two cameras filmed and one that only the first did; return their ids.

    The second camera has half the frames a second, and began ``LATER_MS`` later.
    """
    shoot = Shoot.objects.called(session, dt.date(2024, 12, 2))
    person = Person.objects.find_or_add(riders)
    cameras = [("CAM_GOPRO11", RATE), ("CAM_PIXEL8", RATE // 2)]
    helmet, phone = (
        OriginalFileFactory(
            shoot=shoot, duration_ms=60_000, rate_num=rate, rate_den=1, codec="h264", probe={"pix_fmt": "yuv420p"},
            camera_id=camera, fps_label=f"{rate}FPS", recorded_at=None,
        )
        for camera, rate in cameras
    )  # fmt: skip
    made = [
        _clip(helmet, 20_000, 3, seed=1, person=person, trick="Lipslide"),
        _clip(phone, 20_000 - LATER_MS, 3, seed=7, person=person, trick="Lipslide"),
        _clip(helmet, 40_000, 2, seed=3, person=person, trick="KFED"),
    ]
    found = {"offset_s": LATER_MS / 1000, "drift_ppm": None, "confidence": 0.9, "is_sure": True}
    VideoPair.objects.all().note(helmet, phone, found)
    pair = VideoPair.objects.get(first__shoot=shoot)
    assert change(pair, lambda pair: pair.confirm(Member.objects.order_by("date_joined").first()))
    for original, clip in ((helmet, made[0]), (phone, made[1])):
        strip(stored(clip.stored_path), original)
    FinalClip.objects.filter(pk__in=[clip.pk for clip in made]).refresh_search()
    return [str(clip.pk) for clip in made]


def make_edit_with_angles(name: str) -> str:
    """Make an edit of what the first camera filmed of such tricks; return its address."""
    helmet, _phone, alone = make_angles(name)
    member = Member.objects.order_by("date_joined").first()
    edit = make_reel(name, member=member)
    clips = FinalClip.objects.filter(pk__in=[helmet, alone]).order_by("start_ms")
    add_clips(edit, clips, hand=Hand(member, uuid.uuid4()))
    return reverse("clips:reel", args=[edit.pk])


def _clip(original: OriginalFile, start_ms: int, length_s: int, *, seed: int, person: Person, trick: str) -> FinalClip:
    """Make a clip with a file of its own, and its moment."""
    end_ms, rate, key = start_ms + 1000 * length_s, original.rate_num, uuid.uuid4()
    segment = CandidateSegmentFactory(original_file=original, start_ms=start_ms, end_ms=end_ms)
    CandidateSegment.objects.filter(pk=segment.pk).update(status="ACCEPTED")
    film = stored(f"final_clips/{key}.mp4")
    make_video(film, frames=rate * length_s, rate=rate, size=(640, 360), seed=seed, faststart=True)
    picture(film, segment)
    data = film.read_bytes()
    return FinalClipFactory(
        pk=key, original_file=original, candidate_segment=segment, start_ms=start_ms, person=person, end_ms=end_ms,
        trick=Trick.objects.find_or_add(trick), fps_label=original.fps_label, camera_id=original.camera_id, lead_us=0,
        filename=f"2024-12-01__made__{key.hex[:8]}__v001.mp4", stored_path=f"final_clips/{key}.mp4",
        file_hash=hashlib.sha256(data).hexdigest(), size_bytes=len(data), crc32=crc32(data),
    )  # fmt: skip


def stored(path: str) -> Path:
    place = Path(settings.DATA_DIR) / path
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def picture(film: Path, segment: CandidateSegment) -> None:
    """Give a moment the picture in the middle of its film."""
    path = f"candidates/{segment.pk}.jpg"
    with av.open(str(film)) as container:
        frames = list(container.decode(video=0))
        frames[len(frames) // 2].to_image().save(stored(path))
    CandidateSegment.objects.filter(pk=segment.pk).update(poster_path=path)


def strip(film: Path, original: OriginalFile) -> None:
    """Give a video a picture for each of its seconds, taken from a film that is shorter."""
    seconds = range(original.duration_ms // 1000)
    with av.open(str(film)) as container:
        frames = [frame.to_image(width=TILE_PX[0], height=TILE_PX[1]) for frame in container.decode(video=0)]
    sprite = Image.new("RGB", (COLUMNS * TILE_PX[0], -(-len(seconds) // COLUMNS) * TILE_PX[1]))
    for second in seconds:
        place = (second % COLUMNS * TILE_PX[0], second // COLUMNS * TILE_PX[1])
        sprite.paste(frames[second * 7 % len(frames)], place)
    path = f"candidates/{original.pk}-strip.jpg"
    sprite.save(stored(path))
    Filmstrip.objects.create(
        original_file=original, stored_path=path, columns=COLUMNS, tile_width_px=TILE_PX[0], tile_height_px=TILE_PX[1],
        times_ms=[second * 1000 for second in seconds], size_bytes=stored(path).stat().st_size,
    )  # fmt: skip
