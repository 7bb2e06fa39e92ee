"""Views of reactions and comments for members: on the page of a clip or an edit, and the list of all comments."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clips.models import Comment, FinalClip, Reel, Speaker, Subject
from clips.talk import saying, thread
from clips.talk.forms import CommentForm, ReactionForm, new_key
from clips.talk.saying import NotYoursError, TalkError
from people.access import requires
from people.models import Member, Role

PER_PAGE = 40


@requires(Role.VIEWER)
@require_safe
@never_cache
def comments(request: HttpRequest) -> HttpResponse:
    """List all comments, the newest first; those of guests that wait for the reader stand before them."""
    page = Paginator(thread.latest(request.user), PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    clips, speaker = thread.clips_of(rows), Speaker(member=request.user)
    said = [thread.seen_by(row, speaker, clip=clips.get(row.lineage), reel=row.reel) for row in rows]
    return render(request, "clips/talk/comments.html", {"page": page, "said": said})


@requires(Role.VIEWER)
@require_POST
def talk_comment(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """Write a comment on a clip or an edit; answer with all of them."""
    subject = _subject(kind, pk)
    form, speaker = CommentForm(request.POST), Speaker(member=request.user)
    problem = "" if form.is_valid() else form.first_problem()
    status = 422 if problem else 200
    if not problem:
        try:
            saying.say(subject, form.cleaned_data["text"], speaker, key=form.cleaned_data["key"])
        except TalkError as error:
            problem, status = str(error), 409
    if not request.htmx and not problem:
        return redirect(f"{_page_of(kind, pk)}#talk")
    shown = thread_of(subject, request.user, kind, pk)
    shown.problem, shown.typed = problem, {"text": request.POST.get("text", "")} if problem else {}
    return render(request, "clips/talk/_comments.html", {"talk": shown}, status=status)


@requires(Role.VIEWER)
@require_POST
def talk_react(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """Give a reaction or take it away; answer with its button as it is now."""
    subject, form = _subject(kind, pk), ReactionForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    speaker = Speaker(member=request.user)
    saying.react(subject, form.cleaned_data["kind"], speaker)
    if not request.htmx:
        return redirect(f"{_page_of(kind, pk)}#talk")
    url = reverse("clips:talk_react", args=[kind, pk])
    context = {"tap": thread.tap(subject, form.cleaned_data["kind"], speaker, url)}
    return render(request, "clips/talk/_reaction.html", context)


@requires(Role.VIEWER)
@require_POST
def comment_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete a comment; answer with what stands in its place."""
    comment = get_object_or_404(Comment.objects.select_related("link"), pk=pk)
    try:
        saying.delete(comment, Speaker(member=request.user))
    except NotYoursError as error:
        raise PermissionDenied(str(error)) from error
    return render(request, "clips/talk/_comment_deleted.html", {"pk": pk})


@requires(Role.VIEWER)
@require_POST
def comment_let_through(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a guest's comment to everybody; answer with the comment."""
    comment = get_object_or_404(Comment.objects.select_related("link"), pk=pk)
    try:
        saying.let_through(comment, request.user)
    except NotYoursError as error:
        raise PermissionDenied(str(error)) from error
    fresh = Comment.objects.with_speakers().filter(pk=pk).first()
    if fresh is None:
        return render(request, "clips/talk/_comment_deleted.html", {"pk": pk})
    about = {"clip": thread.clips_of([fresh]).get(fresh.lineage), "reel": fresh.reel}
    said = thread.seen_by(fresh, Speaker(member=request.user), **about)
    return render(request, "clips/talk/_comment.html", {"said": said})


def thread_of(subject: Subject, member: Member, kind: str, pk: UUID) -> thread.Thread:
    """Return what the page of a clip ("clip") or an edit ("edit") shows a member, in two queries."""
    speaker = Speaker(member=member)
    return thread.Thread(
        taps=thread.taps(subject, speaker, reverse("clips:talk_react", args=[kind, pk])),
        said=thread.said_about(subject, speaker=speaker),
        comment_url=reverse("clips:talk_comment", args=[kind, pk]),
        key=new_key(),
    )


def _page_of(kind: str, pk: UUID) -> str:
    return reverse("clips:reel" if kind == "edit" else "clips:clip", args=[pk])


def _subject(kind: str, pk: UUID) -> Subject:
    """Return the clip or edit that is talked about; Http404 if it is not there, or in the bin."""
    if kind == "edit":
        return Subject(reel_id=get_object_or_404(Reel.objects.in_use(), pk=pk).pk)
    if kind != "clip":
        raise Http404
    return Subject(lineage=get_object_or_404(FinalClip.objects.filter(removed_at=None), pk=pk).lineage)
