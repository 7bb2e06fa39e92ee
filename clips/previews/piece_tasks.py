"""Task that makes pieces of one video around where somebody looks, as long as somebody does."""

import time
from contextlib import suppress
from pathlib import Path

from celery import shared_task

from clips.jobs.worker import Claim, claim
from clips.media.render.wanted_pieces import Wanted
from clips.media.sandbox import runner
from clips.models import OriginalFile
from clips.previews import pieces
from clips.storage.files import local_copy, scratch_folder

#: Of two, so that pages and sorting keep going while somebody watches.
MOST_CORES = 1.4
#: How often the wishes are read, and pieces are put in their place.
LOOK_EVERY_S = 0.1
#: One child serves so long; who watches on is served by the next, and has pieces enough until that begins.
MOST_WATCHED_S = 1_200


@shared_task(name="pieces")
def make_pieces(job_id: str) -> None:
    """Make pieces of one video until nobody watches it any more."""
    with claim(job_id) as work:
        if work is None:
            return
        original = work.job.original_file
        pieces.forget_lost(original)
        with local_copy(original, work.report) as source, scratch_folder() as folder:
            desk = _Desk(work, original, folder)
            runner.run(
                "clips.media.render.pieces:make_pieces",
                {
                    "source": str(source),
                    "folder": str(folder),
                    "duration_ms": original.duration_ms,
                    "most_cores": MOST_CORES,
                },
                limits=limits(),
                on_tick=lambda _progress: desk.look(),
                tick_s=LOOK_EVERY_S,
            )
            desk.put_made()
            with work.finishing():
                pass


def limits() -> runner.Limits:
    """Return limits for one child: all that it may use in its time, and some more to end by itself."""
    return runner.Limits(cpu_s=int(2 * MOST_CORES * MOST_WATCHED_S), wall_s=MOST_WATCHED_S + 120)


class _Desk:
    """Hands wishes to the child, and what it made to the players."""

    def __init__(self, work: Claim, original: OriginalFile, folder: Path) -> None:
        self._work = work
        self._original = original
        self._folder = folder
        self._ends_at_s = time.monotonic() + MOST_WATCHED_S
        self._wanted = pieces.wanted_now(original)
        self._wanted.write(folder)

    def look(self) -> None:
        """Put what is made in its place and pass on what is wanted; LeaseLostError if the job is not ours any more."""
        self._work.report()
        self.put_made()
        wanted = pieces.wanted_now(self._original)
        if time.monotonic() > self._ends_at_s:
            wanted = Wanted(has_ended=True)
        if wanted != self._wanted:
            self._wanted = wanted
            wanted.write(self._folder)

    def put_made(self) -> None:
        n_put = 0
        for file in sorted(self._folder.glob("[0-9]*.ts"), key=lambda made: int(made.stem)):
            with suppress(FileNotFoundError):
                pieces.put(self._original, int(file.stem), file)
                file.unlink(missing_ok=True)  # into a bucket it was copied
                n_put += 1
        if n_put:
            pieces.keep_to_size()
