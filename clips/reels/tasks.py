"""Tasks that make the edits of sorted sessions, render films of edits, cut clips with handles, and delete old ones."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from clips.jobs import pipeline
from clips.jobs.kept import local_span
from clips.jobs.kept_folder import kept_folder
from clips.jobs.worker import Claim, claim
from clips.media import MediaError
from clips.media.output import whole_or_not_at_all
from clips.media.reel.plan import from_json, lay_out
from clips.media.sandbox import runner
from clips.models import FinalClip, JobKind, ReelRender
from clips.reels import handles, rendering, riders
from clips.reels.drafting import draft_edits as make_drafts
from clips.storage.files import (
    MissingFileError,
    checksums_of,
    local_clip,
    local_file,
    scratch_folder,
    staged,
)

FONTS = settings.BASE_DIR / "static" / "fonts"
#: A picture of 2160p from 4K HEVC costs a third of a second; what takes so much longer hangs.
MIN_CPU_S, CPU_PER_PICTURE_S = 120, 1.5
MIN_WALL_S, WALL_PER_PICTURE_S = 900, 6
#: Two decoders of 4K, an encoder, and the sound of ten minutes.
_MEMORY_BYTES = 5 * 1024**3
#: Shares of the work.
_SURVEYED, _RENDERED = 0.02, 0.92

Report = Callable[[float | None], None]


@shared_task(name="render_reel")
def render_reel(job_id: str) -> None:
    """Render a film segment by segment; a worker that comes after a killed one goes on with the next segment."""
    with claim(job_id) as work:
        if work is None:
            return
        render = work.job.reel_render
        with kept_folder(work.job) as folder, ExitStack() as stack:
            plan = _with_sources(render, stack, work)
            music = stack.enter_context(local_file(render.music.stored_path)) if render.music else None
            n_in_middle = _follow(render, plan, folder, work) if render.follows else None
            lengths = _lengths(render, plan, music, folder, work)
            out, made = _film(plan, lengths, music, folder, work)
            path = rendering.stored_path(render.pk)
            with staged({path: out}, work.report) as place, transaction.atomic(), work.finishing():
                facts = {"size_bytes": made["size_bytes"], "duration_ms": made["duration_ms"]}
                facts["n_in_middle"] = n_in_middle
                if render.note_rendered(stored_path=path, **facts):
                    place(path)


@shared_task(name="cut_handles")
def cut_handles(job_id: str) -> None:
    """Cut a clip with the handles that were requested last; while others are requested, another job follows."""
    with claim(job_id) as work:
        if work is None:
            return
        clip = work.job.clip
        wanted = handles.next_wanted(clip)
        span_ms = handles.wanted_ms(work.job)
        with local_span(clip.original_file, *span_ms, work.report) as source, scratch_folder() as folder:
            out, facts, path = folder / "clip", {}, ""
            if wanted:
                asked = {"source": str(source), "out": str(out), "start_ms": wanted.start_ms, "end_ms": wanted.end_ms}
                made = runner.run("clips.media.cut.clip:cut", asked, on_tick=work.report)
                path = f"{handles.FOLDER}/{wanted.pk}.{made['ending']}"
                _sha256, crc32 = checksums_of(out, work.report)
                facts = {"size_bytes": made["size_bytes"], "crc32": crc32, "n_frames": made["frames"]}
            with staged({path: out} if path else {}, work.report) as place, transaction.atomic():
                # Before the job's row, as who undoes the clip locks them.
                FinalClip.objects.filter(pk=clip.pk).select_for_update().exists()
                with work.finishing():
                    if wanted and wanted.note_cut(stored_path=path, **facts):
                        place(path)
                    if handles.next_wanted(clip):
                        pipeline.start(JobKind.HANDLES, clip, priority=work.job.priority)


@shared_task(name="draft_edits")
def draft_edits() -> None:
    """Make the edits of sessions that were just sorted."""
    make_drafts()


@shared_task(name="tidy_renders")
def tidy_renders() -> None:
    """Delete films and clips with handles that nobody wants any more, and files without rows."""
    rendering.drop_old()
    handles.drop_old()
    rendering.remove_orphans()


def _with_sources(render: ReelRender, stack: ExitStack, work: Claim) -> dict[str, Any]:
    """Return the plan with the files of its clips on this machine's disk, for as long as the stack is open."""
    plan = dict(render.plan)
    clips = FinalClip.objects.in_bulk([item["source"] for item in plan["items"]])
    paths: dict[str, str] = {}
    for key in dict.fromkeys(item["source"] for item in plan["items"]):
        clip = next((clip for clip in clips.values() if str(clip.pk) == key), None)
        if clip is None or clip.removed_at:
            raise MediaError(_("A clip of this edit was removed. Please render it again."))
        try:
            paths[key] = str(stack.enter_context(local_clip(clip, work.report)))
        except MissingFileError as error:
            raise MediaError(str(error)) from error
    plan["items"] = [item | {"source": paths[item["source"]]} for item in plan["items"]]
    return plan


def _follow(render: ReelRender, plan: dict[str, Any], folder: Path, work: Claim) -> int:
    """Put into the plan where the rider of each clip is, but for clips whose crop somebody moved.

    Returns in how many clips none was found; these show their middle.
    """
    kept = folder / "riders.json"
    if kept.is_file():
        paths = json.loads(kept.read_text())
    else:
        keys = [UUID(item["source"]) for item in render.plan["items"]]
        clips = FinalClip.objects.in_bulk(keys)
        paths = riders.paths_of(plan["items"], [clips[key] for key in keys], work, _limits(1_000 * len(keys)))
        with whole_or_not_at_all(kept) as part:
            part.write_text(json.dumps(paths))
    plan["items"] = [item | {"path": path} for item, path in zip(plan["items"], paths, strict=True)]
    return sum(not (item["path"] or item.get("places")) for item in plan["items"])


def _lengths(render: ReelRender, plan: dict[str, Any], music: Path | None, folder: Path, work: Claim) -> list[int]:
    """Return how many pictures each clip is; measured once, so that a later worker has the same segments."""
    kept = folder / "lengths.json"
    if kept.is_file():
        lengths: list[int] = json.loads(kept.read_text())
        return lengths
    asked = {"items": plan["items"], "rate_hz": plan["frame"]["rate_hz"]}
    limits = _limits(100 * len(plan["items"]))
    lengths = runner.run("clips.media.reel.segment:survey", asked, limits=limits, on_tick=_part(work, 0, _SURVEYED))
    if music and render.snaps:
        asked = {"plan": plan, "lengths": lengths, "music_path": str(music)}
        lengths = runner.run("clips.media.reel.join:snap_to_beats", asked, limits=_limits(100), on_tick=_still(work))
    with whole_or_not_at_all(kept) as part:
        part.write_text(json.dumps(lengths))
    return lengths


def _film(
    plan: dict[str, Any], lengths: list[int], music: Path | None, folder: Path, work: Claim
) -> tuple[Path, dict[str, Any]]:
    layout = lay_out(from_json(plan), lengths)
    paths = [folder / f"{segment.number}.mp4" for segment in layout.segments]
    for segment, path in zip(layout.segments, paths, strict=True):
        begin, end = (
            _SURVEYED + (_RENDERED - _SURVEYED) * at / layout.n_pictures
            for at in (segment.at, segment.at + segment.n_pictures)
        )
        if not path.is_file():
            asked = {"plan": plan, "lengths": lengths, "number": segment.number, "out": str(path)}
            runner.run(
                "clips.media.reel.segment:make_segment",
                asked | {"fonts_path": str(FONTS)},
                limits=_limits(segment.n_pictures),
                on_tick=_part(work, begin, end),
            )
        work.report(end)
    out = folder / "film.mp4"
    asked = {
        "plan": plan,
        "lengths": lengths,
        "segment_paths": [str(path) for path in paths],
        "sound_paths": [str(path.with_suffix(".npy")) for path in paths],
        "out": str(out),
    }
    if music:
        asked["music_path"] = str(music)
    limits = _limits(layout.n_pictures // 10)
    made = runner.run("clips.media.reel.join:join", asked, limits=limits, on_tick=_part(work, _RENDERED, 1))
    return out, made


def _limits(n_pictures: int) -> runner.Limits:
    return runner.Limits(
        memory_bytes=_MEMORY_BYTES,
        cpu_s=int(MIN_CPU_S + CPU_PER_PICTURE_S * n_pictures),
        wall_s=MIN_WALL_S + WALL_PER_PICTURE_S * n_pictures,
    )


def _part(work: Claim, begin: float, end: float) -> Report:
    return lambda done: work.report(None if done is None else begin + (end - begin) * done)


def _still(work: Claim) -> Report:
    return lambda _done: work.report(None)
