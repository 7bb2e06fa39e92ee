"""Formats log lines and adds their context: request, member, job and task."""

import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

from trickyclip.shared.redact import redact

#: Where what was known of a request is kept for lines that are written after it, by Django and by gunicorn.
KEPT_AS = "trickyclip.log"
#: What the lines of this thread are about; "request", "member", "job", "task", each where there is one.
_about: ContextVar[dict[str, object]] = ContextVar("what the log is about", default={})  # noqa: B039 - never changed


@contextlib.contextmanager
def about(**facts: object) -> Iterator[None]:
    """Add these facts to every line logged within. A value may be a function, called when a line is written."""
    token = _about.set(_about.get() | facts)
    try:
        yield
    finally:
        _about.reset(token)


def facts_now() -> dict[str, str]:
    """Return the context of a line that is logged now."""
    found = {name: value() if callable(value) else value for name, value in _about.get().items()}
    return {name: str(value) for name, value in found.items() if value}


class AboutFilter(logging.Filter):
    """Adds the context to each line, in the thread that writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)  # Django writes of an answer when the request is through
        kept = getattr(request, "META", {}).get(KEPT_AS)
        record.about = getattr(record, "about", None) or facts_now() or kept or {}
        return True


class LineFormatter(logging.Formatter):
    """One readable line with its context at the end."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        facts = " ".join(f"{name}={value}" for name, value in getattr(record, "about", {}).items())
        return super().formatMessage(record) + (f" [{facts}]" if facts else "")

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class JsonLineFormatter(JsonFormatter):
    """One JSON object per line, for programs that collect logs."""

    def __init__(self) -> None:
        names = {"asctime": "at", "levelname": "level", "name": "logger", "exc_info": "exception"}
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", rename_fields=names, json_ensure_ascii=False)
        self.default_time_format, self.default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03d"

    def add_fields(self, log_data: dict, record: logging.LogRecord, message_dict: dict) -> None:
        super().add_fields(log_data, record, message_dict)
        log_data.pop("request", None)  # Django's own, which is no id
        log_data |= log_data.pop("about", None) or {}

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
