"""Template filter that says how far a step of a video is."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clips.jobs.groups import Step
from clips.models import JobKind, JobState

register = template.Library()

#: What a step is called once it is over, where that is another word than the work.
DONE_WORDS = {
    JobKind.INGEST: gettext_lazy("received"),
    JobKind.PROBE: gettext_lazy("camera read"),
    JobKind.DETECT: gettext_lazy("searched"),
    JobKind.LOOK: gettext_lazy("looked closer"),
    JobKind.FILMSTRIP: gettext_lazy("filmstrip"),
    JobKind.POSTER: gettext_lazy("pictures"),
    JobKind.ARCHIVE: gettext_lazy("archived"),
}


@register.filter
def step_words(step: Step) -> str:
    """Return a step in two or three words: searched, 12 of 40 previews, archive failed."""
    if step.n_failed:
        return _("%(work)s failed") % {"work": step.kind.label}
    if step.n_all > 1 or step.kind in {JobKind.PREVIEW, JobKind.RENDER}:
        return _many(step)
    return str(DONE_WORDS.get(step.kind, step.kind.label)) if step.state == JobState.DONE else str(step.kind.label)


def _many(step: Step) -> str:
    numbers = {"n": step.n_all, "done": step.n_done}
    if step.kind == JobKind.PREVIEW:
        if step.n_active:
            return ngettext("%(done)s of %(n)s preview", "%(done)s of %(n)s previews", step.n_all) % numbers
        return ngettext("%(n)s preview", "%(n)s previews", step.n_all) % numbers
    if step.kind == JobKind.RENDER:
        if step.n_active:
            return ngettext("%(done)s of %(n)s cut", "%(done)s of %(n)s cuts", step.n_all) % numbers
        return ngettext("%(n)s cut", "%(n)s cuts", step.n_all) % numbers
    words = DONE_WORDS.get(step.kind, step.kind.label) if step.state == JobState.DONE else step.kind.label
    if step.n_active:
        return _("%(work)s, %(done)s of %(n)s") % (numbers | {"work": words})
    return _("%(work)s (%(n)s)") % (numbers | {"work": words})
