"""Takes music files in small pieces, since requests are short, and stores whole ones for an edit."""

import contextlib
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clips.media.formats.sound_file import ENDINGS
from clips.models import Reel, ReelMusic
from clips.reels.editing import NotPossibleError
from clips.reels.rendering import FOLDER
from clips.sorting.decisions import ConflictError
from clips.storage import files
from people.models import Member

#: Ten minutes of uncompressed sound are 100 MB; of MP3 at its best 24.
MAX_MUSIC_BYTES = 128 * 1024**2
#: For one edit.
MAX_MUSIC = 10


def take_piece(
    reel: Reel, *, key: UUID, name: str, at: int, size_bytes: int, piece: bytes, member: Member
) -> tuple[int, ReelMusic | None]:
    """Append a piece to a music file; return how much of it is here, and its row once it is whole.

    A piece that was sent twice counts once. ConflictError where another one is due; NotPossibleError where the file is
    none that can be used, or there are too many.
    """
    ending = Path(name).suffix.lower().removeprefix(".")
    if ending not in ENDINGS:
        raise NotPossibleError(_("Use an MP3, M4A, WAV, FLAC or Ogg file."))
    if (known := ReelMusic.objects.filter(pk=key, reel=reel).first()) is not None:
        return known.size_bytes, known
    if reel.music.count() >= MAX_MUSIC:
        raise NotPossibleError(_("An edit has at most %(n)d music files. Remove one first.") % {"n": MAX_MUSIC})
    part = settings.SCRATCH_DIR / f"music-{key}.part"
    n_here = _append(part, at, piece, size_bytes)
    if n_here < size_bytes:
        return n_here, None
    path = f"{FOLDER}/{key}.{ending}"
    try:
        with transaction.atomic():
            music = ReelMusic.objects.create(
                pk=key, reel=reel, name=Path(name).stem[:80], stored_path=path, size_bytes=n_here, brought_by=member
            )
            files.store(part, path)
    except IntegrityError as error:
        raise ConflictError(_("Reload the page.")) from error
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    return n_here, music


def remove(music: ReelMusic) -> None:
    """Delete a music file; films that have it stay as they are."""
    path = music.stored_path
    music.delete()
    transaction.on_commit(lambda: files.discard([path]))


def _append(part: Path, at: int, piece: bytes, size_bytes: int) -> int:
    """Write a piece at its place; ConflictError where something before it is missing."""
    part.parent.mkdir(parents=True, exist_ok=True)
    part.touch()
    n_here = part.stat().st_size
    if at > n_here or at + len(piece) > size_bytes:
        raise ConflictError(_("Choose the file again."))
    with part.open("r+b") as file:
        file.seek(at)
        file.write(piece)
    return max(n_here, at + len(piece))
