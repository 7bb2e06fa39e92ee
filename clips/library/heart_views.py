"""Views that give clips a heart, one or many at once."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clips.library.bulk_forms import KeyForm
from clips.library.bulk_views import answer_changed, answer_said
from clips.library.hearts import heart_many
from clips.library.selection import SelectionForm
from clips.models import FinalClip, Heart
from clips.sorting.decisions import ConflictError
from people.access import requires
from people.models import Role
from trickyclip.shared.asked_once import mark_of


@requires(Role.VIEWER)
@require_POST
def clip_heart(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give a clip one's heart or take it away; answer with the button as it is now."""
    clip = get_object_or_404(FinalClip.objects.filter(removed_at=None), pk=pk)
    Heart.objects.toggle(clip.lineage, request.user)
    if not request.htmx:
        return redirect("clips:clip", pk)
    rows = FinalClip.objects.with_tags().with_hearts(request.user)
    return render(request, "clips/library/_heart.html", {"clip": rows.get(pk=pk)})


@requires(Role.SORTER)
@require_POST
def clips_heart(request: HttpRequest) -> HttpResponse:
    """Give the selected clips one's heart, or take it away if all have it; answer with a toast that can undo it."""
    form, key_form = SelectionForm(request.POST), KeyForm(request.POST)
    if not (form.is_valid() and key_form.is_valid()):
        return answer_said(request, _("Select at least one clip."), status=422)
    chosen = form.selection().clips(request.user).values_list("pk", flat=True)
    try:
        made = heart_many(chosen, member=request.user, key=key_form.cleaned_data["key"], asked=mark_of(request))
    except ConflictError as error:
        return answer_said(request, str(error), status=409)
    return answer_changed(request, made)
