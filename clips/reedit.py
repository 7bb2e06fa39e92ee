"""A clip edited again: a new version of the same lineage under a name of its own; the old one is kept."""

from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from clips import pipeline
from clips.models import FinalClip, JobKind
from clips.sorting import Choice, ConflictError, check_trim, make_clip
from people.models import Member


class UnchangedError(Exception):
    """The new version would be the old one again; the text is one sentence."""


def reedit(clip: FinalClip, choice: Choice, *, member: Member) -> FinalClip:
    """Make a new version of a current clip and return it; asked again for the same, return what the first call made.

    Raises
    ------
    TrimError
        If the span is empty or lies outside the file.
    UnchangedError
        If nothing differs from the clip as it is.
    ConflictError
        If somebody else changed or removed the clip meanwhile.
    """
    check_trim(clip.original_file, choice.start_ms, choice.end_ms)
    with transaction.atomic():
        # Locks the row: of two who edit at once the second one waits here, and then finds nothing to replace.
        replaced = FinalClip.objects.filter(pk=clip.pk, is_current=True).update(is_current=False)
        if not replaced:
            return _made_before(clip, choice, member)
        if _is_chosen(choice, clip):
            raise UnchangedError(_("Nothing is different yet."))
        of_clip = {"candidate_segment": clip.candidate_segment, "lineage": clip.lineage}
        version = make_clip(clip.original_file, choice, member, **of_clip)
        pipeline.start(JobKind.RENDER, version)
    return version


def choice_of(clip: FinalClip) -> Choice:
    """Return what was chosen for a clip, to begin the next version with."""
    return Choice(
        start_ms=clip.start_ms,
        end_ms=clip.end_ms,
        category=clip.category,
        person=clip.person,
        trick=clip.trick,
        also=list(clip.also.all()),
    )


def current_version(clip: FinalClip) -> FinalClip | None:
    """Return the current version of a clip's lineage; None when it was removed."""
    return FinalClip.objects.with_names().filter(lineage=clip.lineage, is_current=True).first()


def _made_before(clip: FinalClip, choice: Choice, member: Member) -> FinalClip:
    """Return the version that this very request made already: it was sent twice. ConflictError when it was not."""
    current = current_version(clip)
    if current is None:
        raise ConflictError(_("This clip was removed meanwhile."))
    if current.created_by_id == member.pk and _is_chosen(choice, current):
        return current
    raise ConflictError(_("This clip was changed meanwhile. Here is how it is now; nothing of yours was saved."))


def _is_chosen(choice: Choice, clip: FinalClip) -> bool:
    """Whether a clip is what was chosen; in which order the others in it were named says nothing."""
    there = choice_of(clip)
    return replace(choice, also=[]) == replace(there, also=[]) and set(choice.also) - {choice.person} == set(there.also)
