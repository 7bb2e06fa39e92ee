"""Tasks of edits."""

from celery import shared_task

from clips.reels.drafting import draft_edits as make_drafts


@shared_task(name="draft_edits")
def draft_edits() -> None:
    """Make the edits of sessions that were just sorted."""
    make_drafts()
