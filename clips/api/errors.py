"""Answers every API error with one readable sentence in ``detail``."""

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from clips.ingest.tus_headers import TusError
from clips.library.bin_rights import BinError, NotAllowedError
from clips.library.new_version import UnchangedError
from clips.models.video_pair import TooFarError
from clips.sorting.decisions import ConflictError, TrimError


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT


class Refused(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY


class Nowhere(APIView):
    """Any other address below /api/: a program is told so in JSON, and not by a page."""

    schema = None

    def initial(self, request: Request, *args, **kwargs) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound(_("There is no such address in the API."))


def one_sentence(error: Exception, context: dict) -> Response | None:
    """Turn an exception into an answer: 422 for a bad form, 409 for a lost race, always with a sentence."""
    if isinstance(error, ValidationError):
        fields = error.detail if isinstance(error.detail, dict) else {"detail": error.detail}
        name, sentences = next(iter(fields.items()))
        first = _first(sentences)
        sentence = first if name in {"detail", "non_field_errors"} else f"{name}: {first}"
        return Response({"detail": sentence, "fields": fields}, status=status.HTTP_422_UNPROCESSABLE_ENTITY)
    if isinstance(error, TrimError | UnchangedError | TooFarError):
        error = Refused(str(error))
    elif isinstance(error, NotAllowedError):
        error = PermissionDenied(str(error))
    elif isinstance(error, ConflictError | BinError):
        error = Conflict(str(error))
    elif isinstance(error, TusError):
        return Response({"detail": str(error)}, status=error.status)
    return exception_handler(error, context)


def _first(sentences: object) -> str:
    """Return the first sentence; those about a list stand below the number of the item that each is about."""
    while isinstance(sentences, list | dict) and sentences:
        sentences = next(iter(sentences.values() if isinstance(sentences, dict) else sentences))
    return str(sentences)


def found(row: object | None, what: str) -> object:
    """Return the row, or answer 404 with a sentence that names what is missing."""
    if row is None:
        raise NotFound(_("No such %(what)s.") % {"what": what})
    return row
