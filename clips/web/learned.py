"""Views of what the site learned from sorting: what it is worth, and using, pausing or forgetting it."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clips.jobs import pipeline
from clips.models import CrewLayer, JobKind, LayerState, Shoot
from clips.models.crew_layer import USABLE
from people.access import requires
from people.audit import Action, note
from people.models import Role

#: What a button does, by the last part of its address.
ACTS = {"use": CrewLayer.use, "pause": CrewLayer.pause, "forget": CrewLayer.forget}
#: A person waits for what their button does.
WANTED_NOW = 1


@requires(Role.CURATOR)
@require_safe
def learned(request: HttpRequest) -> HttpResponse:
    """Show what was learned from the crew's decisions, and whether it is used."""
    row = CrewLayer.objects.newest()
    context = {"row": row, "may_use": row and row.state in USABLE and row.has_gain, "states": LayerState}
    return render(request, "clips/web/learned.html", context)


@requires(Role.CURATOR)
@require_POST
def learned_change(request: HttpRequest, version: int, act: str) -> HttpResponse:
    """Use, pause or forget what was learned; a job then scores what is to be sorted."""
    if act not in ACTS:
        raise Http404
    row = get_object_or_404(CrewLayer, version=version)
    with transaction.atomic():
        is_done = ACTS[act](row, request.user)
        if is_done:
            note(Action.CHANGED, row, what=act)
            _score_soon()
    if not is_done:
        messages.error(request, _("This has changed meanwhile. Look again."))
    return redirect("clips:learned")


def _score_soon() -> None:
    """Start the job that scores what is to be sorted. A job is about something: this one about the newest session."""
    if shoot := Shoot.objects.in_use().order_by("-created_at").first():
        pipeline.look_again(JobKind.LEARN, shoot, priority=WANTED_NOW)
