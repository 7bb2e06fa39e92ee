"""The page on which somebody answers what the archive asks, and the button that sends one copy again."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clips.archive import outage, questions
from clips.archive.backend import ArchiveError
from clips.archive.configured import archive_name
from clips.jobs import pipeline
from clips.models import ArchiveBlock, ArchiveCopy, BlockReason, CopyState, FinalClip, JobKind
from people.access import requires
from people.audit import Action, note
from people.models import Role


@requires(Role.CURATOR)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def archive_question(request: HttpRequest) -> HttpResponse:
    """Show the archive's question; POST answers it. 409 if it is another one by now, or the answer cannot be done."""
    block = outage.current_outage()
    if block is None or not block.asks:
        messages.info(request, _("The archive asks nothing now."))
        return redirect("clips:jobs")
    may_answer = request.user.may(Role.ADMIN if block.reason == BlockReason.MOVED else Role.CURATOR)
    if request.method != "POST":
        return _page(request, block, may_answer)
    given = next((one.answer for one in questions.choices(block) if one.answer == request.POST.get("answer")), None)
    if given is None or not may_answer:
        return _page(request, block, may_answer, status=409)
    try:
        outage.answer(block, given)
    except ArchiveError as error:
        return _page(request, block, may_answer, error=str(error), status=409)
    note(Action.CHANGED, answer=given.value, archive=block.backend)
    messages.success(request, _("Archiving resumes."))
    return redirect("clips:jobs")


def _page(request: HttpRequest, block: ArchiveBlock, may_answer: bool, **more: object) -> HttpResponse:
    status = more.pop("status", 200)
    context = {"question": block, "choices": questions.choices(block), "may_answer": may_answer, **more}
    return render(request, "clips/archive/question.html", context, status=status)


@requires(Role.CURATOR)
@require_POST
def clip_archive_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send a clip again whose copy somebody deleted, or put ours beside one that somebody changed."""
    clip = get_object_or_404(FinalClip.objects.current(), pk=pk)
    left = ArchiveCopy.objects.filter(
        clip=clip, backend=archive_name(), state__in=[CopyState.REMOVED, CopyState.CHANGED]
    )
    if left.exists():
        pipeline.start(JobKind.ARCHIVE, clip, again=True)
    return redirect("clips:clip", pk)
