"""Says when beat starts which task. Each can be missed: the next turn does what the missed one would have done."""

from typing import Any

from celery.schedules import crontab, schedule

MINUTE_S = 60


def _every(seconds: float) -> dict[str, Any]:
    """Return a turn so often, which is dropped if no worker took it before the next one."""
    return {"schedule": schedule(seconds), "options": {"expires": seconds}}


def beat_schedule(*, sweep_s: float) -> dict[str, dict[str, Any]]:
    """Return Celery's schedule; each entry has the name of its task."""
    turns = {
        "sweep": _every(sweep_s),
        "look_after_archive": _every(sweep_s),
        "look_after_space": _every(sweep_s),
        "look_into_drive_folder": {"schedule": crontab(minute="2-59/5"), "options": {"expires": 290}},
        "notice_archive_changes": {"schedule": crontab(minute="*/5")},
        "describe_sessions": _every(MINUTE_S),
        "tidy_candidates": {"schedule": crontab(minute="*/15")},
        "expire_uploads": {"schedule": crontab(minute="35"), "options": {"expires": 3000}},
        "clear_exports": {"schedule": crontab(minute="45"), "options": {"expires": 3000}},
        "look_after_receipts": _every(MINUTE_S / 2),
        "draft_edits": _every(MINUTE_S),
        "learn_soon": _every(MINUTE_S),
        "look_for_notices": _every(MINUTE_S),
        "send_notices": _every(MINUTE_S / 2),
        # At night, one after the other.
        "scrub": {"schedule": crontab(hour="1", minute="25")},
        "empty_bin": {"schedule": crontab(hour="3", minute="55")},
        "refresh_search": {"schedule": crontab(hour="4", minute="15")},
        "remove_orphans": {"schedule": crontab(hour="4", minute="35")},
        "forget_senders": {"schedule": crontab(minute="25")},
        "tidy_renders": {"schedule": crontab(hour="4", minute="45")},
        "audit": {"schedule": crontab(hour="4", minute="55")},
    }
    return {task: {"task": task, **turn} for task, turn in turns.items()}
