"""Views of the sort page: a hand of cards and its actions. The page's scripts are in static/js/sorting/."""

import uuid
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clips.models import CandidateSegment, Decision, DecisionKind, FinalClip, Reel, Shoot
from clips.sorting import angles, decisions
from clips.sorting.angle_groups import regroup_soon
from clips.sorting.decisions import ConflictError, TrimError
from clips.sorting.forms import AddForm, DecisionForm, HandForm, KeepForm, ReleaseForm, SplitForm, TableForm, UndoForm
from clips.sorting.hand import deal, take
from clips.sorting.history import WITH_PAGE, past_of
from clips.sorting.manual_segments import add, split
from clips.sorting.queue_filter import ORDERS, Table, choices
from clips.sorting.search_progress import search_of, unsearched
from clips.sorting.undo import undo
from people.access import requires
from people.models import Role
from trickyclip.shared.whole_pages import part_of

#: The edit of a session is shown for so long to whoever has nothing left to sort in any.
EDIT_IS_NEW = timedelta(days=1)


@requires(Role.SORTER)
@require_safe
@never_cache
def sort(request: HttpRequest) -> HttpResponse:
    """Show the page without cards; it requests its hand itself, so that just opening an address leases no card."""
    session = request.GET.get("session")
    shoot = get_object_or_404(Shoot, pk=session) if _is_id(session) else None
    form = TableForm(request.GET)
    table = form.table() if form.is_valid() else Table()
    past, has_more = past_of(request.user, portion=WITH_PAGE)
    context = {"shoot": shoot, "table": table, "orders": ORDERS, "past": past, "has_more": has_more} | choices()
    context["moment"] = _asked_moment(request, shoot)
    return render(request, "clips/sorting/sort.html", context)


@requires(Role.SORTER)
@require_POST
def sort_hand(request: HttpRequest) -> HttpResponse:
    """Renew a page's lease and fill its hand."""
    form = HandForm(request.POST)
    if not form.is_valid():
        return _answer(request, form, sentence=_first_error(form), status=422)
    if left := form.cleaned_data["left"]:  # that page says so itself, but after a reload we may be faster
        CandidateSegment.objects.exclude(pk__in=form.cleaned_data["waiting"]).give_back(left)
    asked, sentence = form.cleaned_data, ""
    moment = asked["moment"] if not asked["have"] else None  # it came with the first hand
    if moment:
        moment = angles.lead_of(moment) if form.table().with_angles else moment
        sentence = take(moment, member=request.user, lease=asked["lease"])
    return _answer(request, form, sentence=sentence, front=moment)


@requires(Role.SORTER)
@require_POST
def sort_keep(request: HttpRequest) -> HttpResponse:
    """Make a clip of a held segment."""

    def act(form: KeepForm, segment: CandidateSegment, by: dict) -> None:
        stars, beside = form.cleaned_data["stars"] or 0, form.cleaned_data["angles"]
        if beside:
            angles.keep(segment, form.choice(), angles=beside, only=form.cleaned_data["only"], stars=stars, **by)
        else:
            decisions.keep(segment, form.choice(), stars=stars, **by)

    return _decide(request, KeepForm(request.POST), act)


@requires(Role.SORTER)
@require_POST
def sort_trash(request: HttpRequest) -> HttpResponse:
    """Trash a held segment, with the other angles that its card shows."""

    def act(form: DecisionForm, segment: CandidateSegment, by: dict) -> None:
        if beside := form.cleaned_data["angles"]:
            angles.trash(segment, angles=beside, **by)
        else:
            decisions.trash(segment, **by)

    return _decide(request, DecisionForm(request.POST), act)


@requires(Role.SORTER)
@require_POST
def sort_skip(request: HttpRequest) -> HttpResponse:
    """Leave a held segment for later, with the other angles that its card shows."""

    def act(form: DecisionForm, segment: CandidateSegment, by: dict) -> None:
        if beside := form.cleaned_data["angles"]:
            angles.skip(segment, angles=beside, **by)
        else:
            decisions.skip(segment, **by)

    return _decide(request, DecisionForm(request.POST), act)


@requires(Role.SORTER)
@require_POST
def sort_aside(request: HttpRequest) -> HttpResponse:
    """Set the whole video of a held segment aside."""
    return _decide(request, DecisionForm(request.POST), lambda _form, segment, by: decisions.put_aside(segment, **by))


@requires(Role.SORTER)
@require_POST
def sort_split(request: HttpRequest) -> HttpResponse:
    """Split a held segment in two; the second one becomes its own card."""

    def act(form: SplitForm, segment: CandidateSegment, by: dict) -> None:
        split(segment, form.cleaned_data["at_ms"], **by)

    return _decide(request, SplitForm(request.POST), act)


@requires(Role.SORTER)
@require_POST
def sort_add(request: HttpRequest) -> HttpResponse:
    """Add a moment in the video of a held segment; its card comes first."""

    def act(form: AddForm, segment: CandidateSegment, by: dict) -> uuid.UUID:
        made = add(segment, form.cleaned_data["start_ms"], form.cleaned_data["end_ms"], **by)
        regroup_soon(segment.original_file.shoot_id)
        return made.pk

    return _decide(request, AddForm(request.POST), act, is_first=True)


@requires(Role.SORTER)
@require_POST
def sort_undo(request: HttpRequest) -> HttpResponse:
    """Undo a decision; its card comes first again."""
    form = UndoForm(request.POST)
    if not form.is_valid():
        return _answer(request, form, sentence=_first_error(form), status=422)
    asked = form.cleaned_data
    try:
        segment = undo(lease=asked["lease"], key=asked["key"], member=request.user, decision=asked["decision"])
    except ConflictError as error:
        return _answer(request, form, sentence=str(error), status=409, clip=error.clip)
    return _answer(request, form, front=segment.pk, sentence=_said_of_edits(asked["key"]))


def _said_of_edits(undo_key: uuid.UUID) -> str:
    """Return the sentence if undoing a keep also removed later edits of its clip by oneself."""
    undone = Decision.objects.filter(undone_by=undo_key, kind=DecisionKind.KEEP).first()
    if undone is None:
        return ""
    lineage = FinalClip.objects.filter(pk=undone.after["clip"]).values("lineage")
    is_edited = FinalClip.objects.filter(lineage__in=lineage).count() > 1
    return _("Undone, along with your later edit of this clip.") if is_edited else ""


@requires(Role.SORTER)
@require_safe
@never_cache
@part_of("clips:sort")
def sort_past(request: HttpRequest) -> HttpResponse:
    """Answer with one's last decisions and their cards, older than ``?before=`` (the key of one)."""
    before = request.GET.get("before")
    past, has_more = past_of(request.user, before=uuid.UUID(before) if _is_id(before) else None)
    return render(request, "clips/sorting/_history.html", {"past": past, "has_more": has_more})


@requires(Role.SORTER)
@require_POST
def sort_release(request: HttpRequest) -> HttpResponse:
    """Release a page's hand; sent when the page closes."""
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        return HttpResponse(_first_error(form), status=422, content_type="text/plain; charset=utf-8")
    waiting = form.cleaned_data["waiting"]
    CandidateSegment.objects.exclude(pk__in=waiting).give_back(form.cleaned_data["lease"])
    return HttpResponse(status=204)


def _decide(
    request: HttpRequest, form: DecisionForm, act: Callable[..., object], *, is_first: bool = False
) -> HttpResponse:
    """Decide about a segment, and answer with the new hand; ``is_first`` puts the result of ``act`` on top."""
    if not form.is_valid():
        return _answer(request, form, sentence=_first_error(form), status=422)
    asked = form.cleaned_data
    rows = CandidateSegment.objects.with_card()
    segment = rows.filter(pk=asked["segment"]).first()
    if segment is None:
        return _answer(request, form, sentence=_("This moment is gone. Its video was searched again."), status=409)
    try:
        with transaction.atomic():  # together with the people and tricks that a keep adds
            made = act(form, segment, {"lease": asked["lease"], "key": asked["key"], "member": request.user})
    except ConflictError as error:
        return _answer(request, form, sentence=str(error), status=409)
    except TrimError as error:
        return _answer(request, form, sentence=str(error), status=422)
    return _answer(request, form, front=made if is_first else None)


def _answer(
    request: HttpRequest,
    form: HandForm,
    *,
    sentence: str = "",
    front: uuid.UUID | None = None,
    status: int = 200,
    clip: uuid.UUID | None = None,
) -> HttpResponse:
    """Answer with the current hand, whatever the outcome of the request; ``clip`` is what the sentence links to."""
    if not form.page["lease"] or form.cleaned_data.get("no_hand"):
        return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    hand = deal(member=request.user, front=front, **form.page)
    table = form.page["table"]
    shoots = choices()["shoots"] if table.is_narrow and not hand.order else []
    is_filtered = bool(table.camera or table.person)
    if not is_filtered and any(shoot.pk == table.session for shoot in shoots):
        shoots = []  # what is left of it lies in other hands
    context = {"hand": hand, "sentence": sentence, "shoots": shoots, "is_filtered": is_filtered, "clip": clip}
    if not hand.order:
        context |= _why_empty(table.session if hand.left.in_all else None)
    return render(request, "clips/sorting/_hand.html", context, status=status)


def _why_empty(session: uuid.UUID | None) -> dict:
    """Return why nothing is left to deal in a session, or in all."""
    decided = CandidateSegment.objects.decided().in_session(session)
    missed = unsearched().filter(shoot=session) if session else unsearched()
    lately = {"shoot": session} if session else {"created_at__gte": timezone.now() - EDIT_IS_NEW}
    edit = Reel.objects.in_use().filter(is_drafted=True, **lately).order_by("-created_at").first()
    return {
        "search": search_of(session), "n_unsearched": missed.count(), "has_decided": decided.exists(), "edit": edit
    }  # fmt: skip


def _asked_moment(request: HttpRequest, shoot: Shoot | None) -> uuid.UUID | None:
    """Return the moment that is to be the first card, if it is undecided and matches the filter."""
    asked = request.GET.get("moment")
    if not _is_id(asked):
        return None
    segments = CandidateSegment.objects.undecided().in_session(shoot and shoot.pk)
    return segments.filter(pk=asked).values_list("pk", flat=True).first()


def _first_error(form: HandForm) -> str:
    name, errors = next(iter(form.errors.items()))
    return f"{name}: {errors[0]}"


def _is_id(text: str | None) -> bool:
    try:
        uuid.UUID(text or "")
    except ValueError:
        return False
    return True
