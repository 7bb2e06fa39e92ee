"""The page on which an admin connects Google Drive: account, folder, test, done."""

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from clips.archive import account, configured, earlier, outage
from clips.archive.account import AccountKind
from clips.archive.backend import ArchiveError, Finding
from clips.archive.drive import oauth
from clips.archive.drive.key_file import OAuthClient
from clips.archive.forms import FolderForm, KeyFileForm
from clips.jobs import pipeline
from clips.models import OriginalFile
from people.access import requires
from people.models import Role
from people.site_settings import snapshot
from people.site_settings.changing import set_values
from people.site_settings.registry import (
    ARCHIVE_BACKEND,
    ARCHIVE_ORIGINALS,
    DRIVE_FOLDER_ID,
    DRIVE_OAUTH_CLIENT_ID,
    DRIVE_OAUTH_CLIENT_SECRET,
    DRIVE_SERVICE_ACCOUNT_KEY,
)
from trickyclip.shared.whole_pages import part_of

#: Where the browser's session keeps what must be compared when it comes back from Google.
SESSION_KEY = "drive_page_grant"
CODE_KEY = "drive_page_code"
#: Browsers and Google take these for safe without HTTPS.
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
MAX_QUERY_CHARS = 60


@requires(Role.ADMIN)
@require_safe
def drive(request: HttpRequest) -> HttpResponse:
    """Show account, folder and state of the archive on Drive; asks Google nothing."""
    return _page(request)


@requires(Role.ADMIN)
@require_POST
@sensitive_post_parameters()
def drive_key(request: HttpRequest) -> HttpResponse:
    """Take an OAuth client's file, or connect the service account of a key file."""
    form = KeyFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    if _is_fixed(form.found):
        form.add_error(None, _("The environment names the account. Change it there."))
        return _page(request, form=form, status=422)
    if isinstance(form.found, OAuthClient):
        account.keep_client(form.found, request.user)
        if form.found.redirect_uris and _redirect_uri(request) not in form.found.redirect_uris:
            messages.warning(request, _("Add the redirect address below to the OAuth client before you continue."))
        else:
            messages.success(request, _("Saved. Now connect an account."))
        return redirect("clips:drive")
    try:
        email = account.connect_service(form.found, request.user)
    except ArchiveError as error:
        form.add_error(None, str(error))
        return _page(request, form=form, status=422)
    messages.success(request, _("Connected: %(account)s. Now choose a folder.") % {"account": email})
    return redirect("clips:drive")


@requires(Role.ADMIN)
@require_safe
def drive_connect(request: HttpRequest) -> HttpResponse:
    """Lead to Google's consent page. By a link, because a form may not lead to another site here."""
    if not oauth.is_set_up() or not _is_reachable(request):
        return redirect("clips:drive")
    wanted = oauth.WHOLE_DRIVE if request.GET.get("access") == "all" else ""
    address, request.session[SESSION_KEY] = oauth.begin(_redirect_uri(request), wanted)
    return redirect(address)


@requires(Role.ADMIN)
@require_safe
def drive_connected(request: HttpRequest) -> HttpResponse:
    """Take the answer of Google's consent page; each request is answered at most once."""
    kept = request.session.pop(SESSION_KEY, None)
    try:
        given = account.connect_person(request.GET.dict(), kept, _redirect_uri(request), request.user)
    except oauth.GrantError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Connected: %(account)s. Now choose a folder.") % {"account": given.account})
    return redirect("clips:drive")


@requires(Role.ADMIN)
@require_POST
def drive_code(request: HttpRequest) -> HttpResponse:
    """Get a code to enter at Google; with ``done``, connect the account in which it was entered."""
    if not oauth.is_set_up():
        return redirect("clips:drive")
    try:
        if "done" not in request.POST:
            request.session[CODE_KEY] = oauth.begin_device()
        elif given := account.connect_by_code(request.session.get(CODE_KEY), request.user):
            del request.session[CODE_KEY]
            messages.success(request, _("Connected: %(account)s. Now choose a folder.") % {"account": given.account})
        else:
            messages.warning(request, _("Google has not got the code yet. Enter it there, then continue."))
    except oauth.GrantError as error:
        request.session.pop(CODE_KEY, None)
        messages.error(request, str(error))
    return redirect("clips:drive")


@requires(Role.ADMIN)
@require_safe
@part_of("clips:drive")
def drive_places(request: HttpRequest) -> HttpResponse:
    """Answer with folders and shared drives whose name fits ``?q=``, as Google lists them."""
    query = "".join(sign for sign in request.GET.get("q", "") if sign.isprintable()).strip()[:MAX_QUERY_CHARS]
    used = account.account()
    is_person = used is not None and used.kind is AccountKind.PERSON
    context: dict[str, object] = {"query": query, "is_person": is_person, "folder_id": DRIVE_FOLDER_ID.value()}
    try:
        places = configured.drive_at("").places(query, only_shared=not is_person)
        context |= {"places": places, "drives": [place for place in places if place.is_shared_drive]}
    except ArchiveError as error:
        context["error"] = str(error)
    return render(request, "clips/archive/_drive_places.html", context)


@requires(Role.ADMIN)
@require_POST
def drive_folder(request: HttpRequest) -> HttpResponse:
    """Use a folder for the archive from now on, or make one of that name in it and use that."""
    form = FolderForm(request.POST)
    if not form.is_valid() or DRIVE_FOLDER_ID.is_from_environment:
        messages.error(request, _("This folder can’t be used. Choose another one."))
        return redirect("clips:drive")
    folder_id, name = form.cleaned_data["folder"], form.cleaned_data["name"]
    try:
        if name:
            folder_id = configured.drive_at(folder_id).make(name)
        title = configured.drive_at(folder_id).folder_name() if folder_id else _("My Drive")
    except ArchiveError as error:
        messages.error(request, str(error))
        return redirect("clips:drive")
    set_values({DRIVE_FOLDER_ID: folder_id or None}, request.user)
    outage.ask_where()
    messages.success(request, _("Folder: %(name)s. Now test it.") % {"name": title})
    return redirect("clips:drive")


@requires(Role.ADMIN)
@require_POST
def drive_test(request: HttpRequest) -> HttpResponse:
    """Try everything with a small file; with ``use``, clips go to Drive from then on if all is good."""
    findings = _tried()
    is_good = all(finding.is_good for finding in findings)
    if is_good and "use" in request.POST and not ARCHIVE_BACKEND.is_from_environment:
        set_values({ARCHIVE_BACKEND: "drive"}, request.user)
        messages.success(request, _("All good. New clips are archived on Google Drive."))
        return redirect("clips:drive")
    return _page(request, findings=findings, is_good=is_good)


def _tried() -> list[Finding]:
    try:
        return configured.drive_at(DRIVE_FOLDER_ID.value()).try_out()
    except ArchiveError as error:
        return [Finding("account", False, str(error))]


@requires(Role.ADMIN)
@require_POST
def drive_send_earlier(request: HttpRequest) -> HttpResponse:
    """Send the clips from before; a worker looks for them, as there may be many."""
    if ARCHIVE_BACKEND.value() == "drive":
        # Once all processes know which archive is meant.
        pipeline.ask("send_earlier_clips", in_s=snapshot.REFRESH_S + 1)
        messages.success(request, _("Earlier clips are sent in the background."))
    return redirect("clips:drive")


@requires(Role.ADMIN)
@require_POST
def drive_disconnect(request: HttpRequest) -> HttpResponse:
    """Forget the account; copies on Drive stay."""
    account.disconnect(request.user)
    messages.success(request, _("Disconnected. New clips are archived on this server; copies on Drive stay."))
    return redirect("clips:drive")


def _is_fixed(found: object) -> bool:
    used = account.account()
    ours = (
        [DRIVE_OAUTH_CLIENT_ID, DRIVE_OAUTH_CLIENT_SECRET]
        if isinstance(found, OAuthClient)
        else [DRIVE_SERVICE_ACCOUNT_KEY]
    )
    return (used is not None and used.is_fixed) or any(setting.is_from_environment for setting in ours)


def _redirect_uri(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("clips:drive_connected"))


def _is_reachable(request: HttpRequest) -> bool:
    """Return whether Google sends a browser back here: over HTTPS, or to the machine that the browser runs on."""
    host = request.get_host().rpartition(":")[0] or request.get_host()
    return request.is_secure() or host in LOCAL_HOSTS or request.get_host() in LOCAL_HOSTS


def _at_risk() -> dict[str, int] | None:
    """Return number and size of the camera files that are on this server alone; None where they are archived."""
    if ARCHIVE_ORIGINALS.value() != "never":
        return None
    told = OriginalFile.objects.on_disk().in_use().aggregate(n=Count("pk"), size_bytes=Sum("size_bytes"))
    return told if told["n"] else None


@never_cache
def _page(request: HttpRequest, *, status: int = 200, **more: object) -> HttpResponse:
    used = account.account()
    is_used = ARCHIVE_BACKEND.value() == "drive"
    context = {
        "account": used,
        "is_person": used is not None and used.kind is AccountKind.PERSON,
        "has_client": oauth.is_set_up(),
        "needs_all": oauth.scope() == oauth.WHOLE_DRIVE,
        "redirect_uri": _redirect_uri(request),
        "is_reachable": _is_reachable(request),
        "code": request.session.get(CODE_KEY),
        "folder_id": DRIVE_FOLDER_ID.value(),
        "folder_is_fixed": DRIVE_FOLDER_ID.is_from_environment,
        "is_used": is_used,
        "n_earlier": earlier.earlier().count() if is_used and used else 0,
        "backend_is_fixed": ARCHIVE_BACKEND.is_from_environment,
        "question": outage.question(),
        "at_risk": _at_risk(),
        "form": KeyFileForm(),
        **more,
    }
    return render(request, "clips/archive/drive.html", context, status=status)
