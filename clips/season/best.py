"""Finds the best of some clips: most stars, then most hearts, then what the search was surest of."""

from django.db.models import F, Q, QuerySet

from clips.models import ClipCategory, FinalClip
from people.models import Member

BEST = 12


def best_clips(clips: QuerySet[FinalClip], member: Member) -> list[FinalClip]:
    """Return the best of some clips as cards show them to a member; crashes come last."""
    ranked = clips.annotate(is_crash=Q(category=ClipCategory.CRASH))
    by_score = F("candidate_segment__score").desc(nulls_last=True)
    ids = list(ranked.order_by("is_crash", "-stars", "-n_hearts", by_score, "pk").values_list("pk", flat=True)[:BEST])
    found = FinalClip.objects.for_cards(member).in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def picture_among(clips: list[FinalClip]) -> FinalClip | None:
    """Return the first clip that has a picture."""
    return next((clip for clip in clips if clip.candidate_segment and clip.candidate_segment.poster_path), None)
