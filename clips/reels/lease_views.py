"""Views of the right to change an edit: one open page has it at a time."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from clips.models import Reel
from clips.reels.forms import LeaseForm
from people.access import requires
from people.models import Role


@requires(Role.SORTER)
@require_POST
def reel_lease(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give the page the right to change an edit, or renew it; 409 and who has it while another page does."""
    form = LeaseForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    token = form.cleaned_data["lease"]
    is_mine = Reel.objects.filter(pk=pk).lend(token, request.user, from_own_page=form.cleaned_data["opens"])
    shown = get_object_or_404(Reel.objects.in_use().select_related("edited_by"), pk=pk)
    context = {"reel": shown, "is_mine": is_mine}
    return render(request, "clips/reels/_reel_lease.html", context, status=200 if is_mine else 409)


@requires(Role.SORTER)
@require_POST
def reel_lease_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End the right of a page that is being left."""
    form = LeaseForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    Reel.objects.filter(pk=pk).give_back(form.cleaned_data["lease"])
    return HttpResponse(status=204)
