"""Views behind a link to several clips, for whoever has it: the page, its videos and pictures, and downloads."""

from collections.abc import Callable, Iterable
from functools import wraps
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from clips.library import download
from clips.library.download_views import ZIP_READS_S, sent, still_preparing, too_many
from clips.models import CollectionLink, FinalClip, ReelRender
from clips.previews.http_ranges import ASKED_EACH_TIME, NOT_KEPT, serve
from clips.reels import rendering, shared_talk, sharing
from clips.reels.forms import PasswordForm
from clips.sharing.views import gone, private
from clips.talk import guests
from people import throttle
from people.access import public
from people.naming.slugs import slugify

#: Browsers send a form from a page that gives no referrer without its origin, and forms without one are refused.
ORIGIN_FOR_THE_FORM = "same-origin"
#: So long a browser need not enter the password again.
OPEN_FOR_S = 12 * 3600
SALT = "link to several clips"
_View = Callable[..., HttpResponseBase]


def opened(view: _View, *, with_secret: bool = False) -> _View:
    """Call a view with the link in place of its secret; where it does not work or is locked, say so instead."""

    @wraps(view)
    @sensitive_variables("secret")
    def checked(request: HttpRequest, secret: str, **more: object) -> HttpResponseBase:
        link = CollectionLink.objects.of_secret(secret)
        if link is None:
            if CollectionLink.objects.is_binned(secret):
                return gone()
            raise Http404(_("This link no longer works."))
        if not _is_unlocked(request, link):
            return private(HttpResponse(_("This link has a password."), status=403, content_type="text/plain"))
        if with_secret:
            more["secret"] = secret
        return private(view(request, link=link, **more))

    return checked


def opened_with_secret(view: _View) -> _View:
    """Call a view as ``opened`` does, and with the secret beside the link."""
    return opened(view, with_secret=True)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@sensitive_variables("secret", "form")
def shared_many(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Show the clips of a link to whoever has it, and has its password; an ended link says so."""
    link = CollectionLink.objects.of_secret(secret)
    if link is None:
        is_removed = CollectionLink.objects.is_binned(secret)
        ended = {"is_removed": is_removed, "was_many": True}
        return private(render(request, "clips/sharing/shared_ended.html", ended, status=410 if is_removed else 404))
    if request.method == "POST":
        return _unlock(request, link, secret)
    if not _is_unlocked(request, link):
        return _locked(request, PasswordForm())
    if request.method == "GET" and "again" not in request.GET:
        link.count_view()
    entries = sharing.public_entries(link, secret)
    sharing.want_copies(entry.clip for entry in entries if entry.source is None)
    failed = sharing.failed_copies(entry.clip for entry in entries if entry.source is None)
    n_lacking = sum(entry.source is None for entry in entries)
    context = {
        "link": link,
        "secret": secret,
        "entries": entries,
        "failed": failed,
        "films": sharing.films_of(link),
        "n_failed": len(failed),
        "length_ms": sum(entry.length_ms for entry in entries),
        "n_waiting": n_lacking - len(failed),
        "size_bytes": sum(entry.clip.size_bytes or 0 for entry in entries if entry.clip),
        "address": request.build_absolute_uri(reverse("clips:shared_many", args=[secret])),
        "has_picture": _pictured(entry.clip for entry in entries) is not None,
    }
    if link.lets_guests_talk:
        context["talk"] = shared_talk.thread_of(link, secret, guests.speaker_of(request, link), entries)
    response = private(render(request, "clips/reels/shared_many.html", context))
    if link.lets_guests_talk:
        response["Referrer-Policy"] = ORIGIN_FOR_THE_FORM
    return response


@public
@require_safe
@opened
def shared_many_clip(request: HttpRequest, link: CollectionLink, lineage: UUID) -> HttpResponseBase:
    """Play one of the clips."""
    file = sharing.file_of(_clip(link, lineage))
    if file is None:
        raise Http404(_("This clip is being prepared."))
    return serve(request, file.stored_path, file.media_type, NOT_KEPT)


@public
@require_safe
@opened
def shared_many_download(request: HttpRequest, link: CollectionLink, lineage: UUID) -> HttpResponseBase:
    """Download one of the clips, if the link allows it."""
    file = sharing.file_of(_clip(link, lineage))
    if not link.may_download:
        return _not_allowed()
    if file is None:
        raise Http404(_("This clip is being prepared."))
    return serve(request, file.stored_path, file.media_type, NOT_KEPT, save_as=file.save_as)


@public
@require_safe
@opened
def shared_many_zip(request: HttpRequest, link: CollectionLink) -> HttpResponseBase:
    """Stream all clips as one ZIP, if the link allows it."""
    if not link.may_download:
        return _not_allowed()
    clips = sharing.clips_shown(link)
    if download.slots.are_taken:
        return too_many()
    if not clips.exists():
        raise Http404(_("There are no clips to download."))
    if n_to_read := download.fill_checksums(clips, for_s=ZIP_READS_S):
        return still_preparing(n_to_read)
    return sent(request, download.zip_of(clips), f"{slugify(link.shown_title, fallback='TrickyClip')}.zip")


@public
@require_safe
@opened
def shared_many_poster(request: HttpRequest, link: CollectionLink, lineage: UUID) -> HttpResponseBase:
    """Serve the picture of one of the clips."""
    return _picture(request, _clip(link, lineage))


@public
@require_safe
@opened
def shared_many_picture(request: HttpRequest, link: CollectionLink) -> HttpResponseBase:
    """Serve the picture that messengers show beside the link."""
    return _picture(request, _pictured(entry.clip for entry in sharing.entries_shown(link)))


@public
@require_safe
@opened
def shared_many_film(request: HttpRequest, link: CollectionLink, film: UUID) -> HttpResponseBase:
    """Download a film of an edit, if the link allows it."""
    if not link.may_download:
        return _not_allowed()
    found = _film(link, film)
    return serve(request, found.stored_path, "video/mp4", NOT_KEPT, save_as=found.save_as)


@public
@require_safe
@opened
def shared_many_film_watch(request: HttpRequest, link: CollectionLink, film: UUID) -> HttpResponseBase:
    """Play a film of an edit in the page, whether or not it may be downloaded."""
    return serve(request, _film(link, film).stored_path, "video/mp4", NOT_KEPT)


def _film(link: CollectionLink, film: UUID) -> ReelRender:
    """Return a finished film, and note that somebody watches it."""
    found = next((made for made in sharing.films_of(link) if made.pk == film), None)
    if found is None:
        raise Http404
    rendering.note_seen(found)
    return found


def _clip(link: CollectionLink, lineage: UUID) -> FinalClip:
    rows = sharing.clips_shown(link).filter(lineage=lineage).select_related("original_file", "candidate_segment")
    clip = rows.with_formats().prefetch_related("shared_copies").first()
    if clip is None:
        raise Http404(_("This clip was removed."))
    return clip


def _pictured(clips: Iterable[FinalClip | None]) -> FinalClip | None:
    return next(
        (clip for clip in clips if clip and clip.candidate_segment and clip.candidate_segment.poster_path), None
    )


def _picture(request: HttpRequest, clip: FinalClip | None) -> HttpResponseBase:
    if clip is None or clip.candidate_segment is None or not clip.candidate_segment.poster_path:
        raise Http404
    return serve(request, clip.candidate_segment.poster_path, "image/jpeg", ASKED_EACH_TIME)


def _not_allowed() -> HttpResponse:
    return HttpResponse(_("This link doesn’t allow downloads."), status=403, content_type="text/plain; charset=utf-8")


# --- its password -----------------------------------------------------------------------------------------------------


def _is_unlocked(request: HttpRequest, link: CollectionLink) -> bool:
    """Return whether this browser entered the password, as it is now."""
    if not link.has_password:
        return True
    kept = request.get_signed_cookie(_cookie(link), default="", salt=SALT, max_age=OPEN_FOR_S)
    return kept == _proof(link)


def _unlock(request: HttpRequest, link: CollectionLink, secret: str) -> HttpResponseBase:
    """Check a password, as often as a login would."""
    here = reverse("clips:shared_many", args=[secret])
    if not link.has_password:
        return private(redirect(here))
    account = f"link {link.pk}"
    if throttle.is_locked(request, account):
        return private(throttle.locked_out(request, None, {"username": account}))
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return _locked(request, form, status=422)
    if not link.opens_with(form.cleaned_data["password"]):
        throttle.count_failure(request, account)
        form.add_error("password", _("Wrong password."))
        return _locked(request, form, status=422)
    response = private(redirect(here))
    response.set_signed_cookie(
        _cookie(link), _proof(link), salt=SALT, max_age=OPEN_FOR_S, path=here, httponly=True, samesite="Lax",
        secure=request.is_secure(),
    )  # fmt: skip
    return response


def _locked(request: HttpRequest, form: PasswordForm, status: int = 200) -> HttpResponseBase:
    response = private(render(request, "clips/reels/shared_locked.html", {"form": form}, status=status))
    response["Referrer-Policy"] = ORIGIN_FOR_THE_FORM
    return response


def _cookie(link: CollectionLink) -> str:
    return f"link-{link.pk.hex[:12]}"


def _proof(link: CollectionLink) -> str:
    """Return what only this password's hash ends with: with another one old cookies open nothing."""
    return f"{link.pk.hex}-{link.password[-16:]}"
