"""Views of reactions and comments behind a link to several clips, for guests and members who have it."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from clips.models import CollectionLink, Comment
from clips.reels import shared_talk, sharing
from clips.reels.shared_views import opened_with_secret
from clips.talk import guests, saying, thread
from clips.talk.forms import CommentForm, GuestCommentForm, MemberCommentForm, ReactionForm
from clips.talk.guests import TooManyError
from clips.talk.saying import NotYoursError, TalkError
from people.access import public


@public
@require_POST
@opened_with_secret
@sensitive_variables("secret")
def shared_many_comment(request: HttpRequest, link: CollectionLink, secret: str) -> HttpResponseBase:
    """Write a comment; answer with all of them. A guest's name and words wait, if the link says so."""
    _check_talk(link)
    speaker = guests.introduced(guests.speaker_of(request, link))
    form: CommentForm = MemberCommentForm(request.POST) if speaker.member else GuestCommentForm(request.POST)
    says, status = "", 200
    problem = "" if form.is_valid() else form.first_problem()
    if problem:
        status = 422
    else:
        words = form.cleaned_data
        try:
            comment, _is_new = saying.say(
                shared_talk.subject_of(link, words["about"]), words["text"], speaker,
                key=words["key"], name=words.get("name", ""), sender=guests.sender_of(request),
            )  # fmt: skip
            says = _("Thanks! It shows up here once the crew has seen it.") if comment.is_waiting else ""
        except TooManyError as error:
            problem, status = _said(error), 429
        except TalkError as error:
            problem, status = str(error), 409
    if not request.htmx and not problem:
        response: HttpResponseBase = redirect(f"{reverse('clips:shared_many', args=[secret])}#talk")
    else:
        shown = shared_talk.thread_of(link, secret, speaker, sharing.entries_shown(link))
        shown.problem, shown.says, shown.typed = problem, says, request.POST.dict() if problem else {}
        shown.typed = shown.typed or {name: request.POST.get(name, "") for name in ("name", "about")}
        response = render(request, "clips/talk/_comments.html", {"talk": shown}, status=status)
    if not problem:
        guests.remember(response, request, speaker, reverse("clips:shared_many", args=[secret]))
    return response


@public
@require_POST
@opened_with_secret
@sensitive_variables("secret")
def shared_many_react(request: HttpRequest, link: CollectionLink, secret: str) -> HttpResponseBase:
    """Give a reaction or take it away; answer with its button as it is now."""
    _check_talk(link)
    form = ReactionForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    speaker = guests.introduced(guests.speaker_of(request, link))
    kind, about = form.cleaned_data["kind"], form.cleaned_data["about"]
    subject = shared_talk.subject_of(link, about)
    try:
        saying.react(subject, kind, speaker, sender="" if speaker.member else guests.sender_of(request))
    except TooManyError as error:
        return _reactions(request, shared_talk.reactions_to(link, secret, subject, speaker), problem=_said(error))
    url = reverse("clips:shared_many_react", args=[secret])
    response = render(
        request, "clips/talk/_reaction.html", {"tap": thread.tap(subject, kind, speaker, url, about=about)}
    )
    guests.remember(response, request, speaker, reverse("clips:shared_many", args=[secret]))
    return response


@public
@require_safe
@never_cache
@opened_with_secret
@sensitive_variables("secret")
def shared_many_reactions(request: HttpRequest, link: CollectionLink, secret: str, lineage: UUID) -> HttpResponseBase:
    """Answer with the reactions to one of the clips, as the player shows it."""
    _check_talk(link)
    if "HX-Request" not in request.headers:
        return redirect(f"{reverse('clips:shared_many', args=[secret])}#talk")
    subject, speaker = shared_talk.subject_of(link, lineage), guests.speaker_of(request, link)
    return _reactions(request, shared_talk.reactions_to(link, secret, subject, speaker))


@public
@require_POST
@opened_with_secret
@sensitive_variables("secret")
def shared_many_comment_delete(
    request: HttpRequest, link: CollectionLink, secret: str, comment: UUID
) -> HttpResponseBase:
    """Delete a comment of one's own; answer with what stands in its place."""
    row = get_object_or_404(Comment.objects.select_related("link"), pk=comment)
    try:
        saying.delete(row, guests.speaker_of(request, link))
    except NotYoursError as error:
        return HttpResponse(str(error), status=403, content_type="text/plain; charset=utf-8")
    return render(request, "clips/talk/_comment_deleted.html", {"pk": comment})


def _reactions(request: HttpRequest, shown: thread.Thread, *, problem: str = "") -> HttpResponse:
    """Answer with all reactions to one thing; beside a problem they take the place of the one that was pressed."""
    shown.problem = problem
    response = render(request, "clips/talk/_reactions.html", {"talk": shown}, status=429 if problem else 200)
    if problem:
        response["HX-Retarget"] = "#reactions"
    return response


def _check_talk(link: CollectionLink) -> None:
    if not link.lets_guests_talk:
        raise Http404(_("This link takes no comments."))


def _said(error: TooManyError) -> str:
    n = error.after_min
    said = ngettext(
        "Too much at once. Try again in %(n)d minute.",
        "Too much at once. Try again in %(n)d minutes.",
        n,
    )
    return said % {"n": n}
