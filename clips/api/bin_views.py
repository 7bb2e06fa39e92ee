"""The API's views of the bin: throw away, list, restore, delete for good."""

import uuid

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clips.api import serializers
from clips.api.bin_serializers import BinEntrySerializer, ThrowSerializer, ThrowVideoSerializer
from clips.api.errors import found
from clips.api.views import clips_for
from clips.library import emptying
from clips.library.bin import restore, throw_away
from clips.models import BinEntry, FinalClip, OriginalFile, Shoot

REFUSALS = dict.fromkeys((403, 404, 409, 422), serializers.SentenceSerializer)


class BinList(generics.ListAPIView):
    """Bin entries that can be restored, newest first."""

    serializer_class = BinEntrySerializer
    filter_backends = []
    queryset = BinEntry.objects.lying()


class BinRestore(APIView):
    """Bring an entry back: your own, or any if you are a curator."""

    @extend_schema(request=None, responses={200: BinEntrySerializer, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        entry = found(BinEntry.objects.filter(pk=pk).first(), _("bin entry"))
        restore(entry, request.user)
        entry.refresh_from_db()
        return Response(BinEntrySerializer(entry).data)


class BinDetail(APIView):
    """Delete an entry for good, before its time."""

    @extend_schema(request=None, responses={202: BinEntrySerializer, **REFUSALS})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Start deleting its files; it cannot be restored from now on."""
        entry = found(BinEntry.objects.filter(pk=pk).first(), _("bin entry"))
        emptying.delete_now(entry, request.user)
        entry.refresh_from_db()
        return Response(BinEntrySerializer(entry).data, status=status.HTTP_202_ACCEPTED)


class ClipDetail(generics.RetrieveAPIView):
    """One clip."""

    serializer_class = serializers.ClipSerializer
    queryset = FinalClip.objects.all()
    filter_backends = []

    def get_queryset(self):
        return clips_for(self.request)

    @extend_schema(parameters=[ThrowSerializer], request=None, responses={200: BinEntrySerializer, **REFUSALS})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Move the clip to the bin, with its earlier versions."""
        return throw(request, FinalClip.objects.filter(pk=pk), "clips", _("clip"))


class VideoDetail(APIView):
    """One video."""

    @extend_schema(parameters=[ThrowVideoSerializer], request=None, responses={200: BinEntrySerializer, **REFUSALS})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Move the video to the bin; its clips stay unless ``with_clips`` is set."""
        return throw(request, OriginalFile.objects.filter(pk=pk), "videos", _("video"), ThrowVideoSerializer)


class SessionDetail(APIView):
    """One session."""

    @extend_schema(parameters=[ThrowSerializer], request=None, responses={200: BinEntrySerializer, **REFUSALS})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Move the session to the bin, with all of its videos and clips."""
        return throw(request, Shoot.objects.filter(pk=pk), "shoots", _("session"))


def throw(request: Request, rows: QuerySet, kind: str, name: str, form: type = ThrowSerializer) -> Response:
    """Throw one row away, with the parameters of the address."""
    asked = form(data=request.query_params)
    asked.is_valid(raise_exception=True)
    row = found(rows.first(), name)
    entry = throw_away(request.user, **{kind: [row.pk]}, **asked.validated_data)
    return Response(BinEntrySerializer(entry).data)
