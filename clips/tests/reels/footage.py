"""Makes clips that a running site plays: each with a small file of its own that browsers know, and a picture."""

import datetime as dt
import hashlib
import uuid
from pathlib import Path
from zlib import crc32

import av
from django.conf import settings
from PIL import Image

from clips.models import CandidateSegment, Filmstrip, FinalClip, OriginalFile, Shoot
from clips.tests.factories import CandidateSegmentFactory, FinalClipFactory, OriginalFileFactory
from clips.tests.media.made_up import make_video
from people.models import Person
from tricks.models import Trick

RATE = 60
SECONDS = (2, 1, 3, 2)
TRICKS = ("KFED", "Back 3", "Lipslide", "Nose butter")
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
        start_ms = number * 10_000
        segment = CandidateSegmentFactory(original_file=original, start_ms=start_ms, end_ms=start_ms + 1000 * length_s)
        CandidateSegment.objects.filter(pk=segment.pk).update(status="ACCEPTED")
        key = uuid.uuid4()
        film = stored(f"final_clips/{key}.mp4")
        make_video(film, frames=RATE * length_s, rate=RATE, size=(640, 360), seed=number, faststart=True)
        picture(film, segment)
        data = film.read_bytes()
        clip = FinalClipFactory(
            pk=key, original_file=original, candidate_segment=segment, start_ms=start_ms, person=person,
            end_ms=start_ms + 1000 * length_s, trick=Trick.objects.find_or_add(trick), fps_label="60FPS",
            filename=f"2024-12-01__made__{key.hex[:8]}__v001.mp4", stored_path=f"final_clips/{key}.mp4",
            file_hash=hashlib.sha256(data).hexdigest(), size_bytes=len(data), crc32=crc32(data),
        )  # fmt: skip
        made.append(str(clip.pk))
    strip(film, original)
    FinalClip.objects.filter(pk__in=made).refresh_search()
    return made


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
