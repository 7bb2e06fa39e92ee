"""Views that rate clips with stars, one or many at once."""

import uuid
from functools import partial

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clips.library import bulk
from clips.library.bulk_views import answer_said, answer_selected
from clips.library.stars import rate_many
from clips.models import FinalClip
from clips.models.clip import MAX_STARS
from clips.sorting.decisions import ConflictError
from people.access import requires
from people.models import Role
from trickyclip.shared.asked_once import mark_of


class StarsForm(forms.Form):
    stars = forms.IntegerField(min_value=0, max_value=MAX_STARS)
    #: Made by scripts; without them nothing is sent twice by itself.
    key = forms.UUIDField(required=False)


@requires(Role.SORTER)
@require_POST
def clip_stars(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Rate a clip; answer with its stars as they are now, and with a toast that can undo it."""
    clip = get_object_or_404(FinalClip.objects.filter(removed_at=None), pk=pk)
    form = StarsForm(request.POST)
    if not form.is_valid():
        return answer_said(request, _("Reload the page."), status=422)
    current = FinalClip.objects.current().filter(lineage=clip.lineage).values_list("pk", flat=True)
    asked = form.cleaned_data
    context: dict[str, object] = {}
    try:
        made = rate_many(
            current, asked["stars"], member=request.user, key=asked["key"] or uuid.uuid4(), asked=mark_of(request)
        )
        context = bulk.toast_context(made, request.user)
    except ConflictError as error:
        context["said"] = str(error)
    if not request.htmx:
        return redirect("clips:clip", pk)
    context["clip"] = FinalClip.objects.with_tags().get(pk=pk)
    return render(request, "clips/library/_stars_answer.html", context)


@requires(Role.SORTER)
@require_POST
def clips_stars(request: HttpRequest) -> HttpResponse:
    """Rate the selected clips; answer with a toast that can undo it."""
    form = StarsForm(request.POST)
    if not form.is_valid():
        return answer_said(request, _("Reload the page."), status=422)
    return answer_selected(request, partial(rate_many, stars=form.cleaned_data["stars"]))
