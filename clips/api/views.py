"""The API's views: find the row, check the form, call one method, answer."""

import uuid
from dataclasses import replace

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clips.api import serializers
from clips.api.errors import Conflict, found
from clips.ingest import quota
from clips.ingest.register import display_name
from clips.ingest.tus_headers import UploadMetadata, clean_session_name
from clips.jobs import pipeline
from clips.library.edit_all import edit
from clips.library.filters import ClipFilter, JobFilter
from clips.library.stars import rate_many
from clips.models import CandidateSegment, FinalClip, Heart, Job, Upload
from clips.models.clip import FinalClipQuerySet
from clips.sorting import decisions
from clips.sorting.undo import undo
from people.audit import Action, note
from people.models import Person
from tricks import naming
from tricks.models import Trick
from trickyclip.shared.asked_once import mark_of

REFUSALS = {
    404: serializers.SentenceSerializer,
    409: serializers.SentenceSerializer,
    422: serializers.SentenceSerializer,
}


class UploadList(generics.ListAPIView):
    """Your uploads and their state. Begin a new one here, or with any tus client at /upload/tus/."""

    serializer_class = serializers.UploadSerializer
    filter_backends = []

    def get_queryset(self):
        return Upload.objects.filter(owner=self.request.user).select_related("shoot")

    @extend_schema(
        request=serializers.NewUploadSerializer,
        responses={
            201: serializers.UploadSerializer,
            422: serializers.SentenceSerializer,
            507: serializers.SentenceSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Begin an upload; ``Location`` is the tus address that takes its bytes."""
        asked = _checked(serializers.NewUploadSerializer, request)
        about = UploadMetadata(
            filename=asked["filename"],
            session_name=clean_session_name(asked["session_name"]),
            date=asked["session_date"] or timezone.localdate(),
            header="",
            anyway=asked["anyway"],
        )
        upload = quota.begin(request.user, display_name(about.filename), asked["size_bytes"], about)
        headers = {"Location": reverse("clips:tus_resource", args=[upload.pk])}
        return Response(serializers.UploadSerializer(upload).data, status=status.HTTP_201_CREATED, headers=headers)


class UploadDetail(generics.RetrieveAPIView):
    """One of your uploads."""

    serializer_class = serializers.UploadSerializer

    def get_queryset(self):
        return Upload.objects.filter(owner=self.request.user).select_related("shoot")


class SortNext(APIView):
    """The next segments to sort, held for three minutes; call again with the same lease to keep holding them."""

    @extend_schema(request=serializers.NextSerializer, responses={200: serializers.HandSerializer})
    def post(self, request: Request) -> Response:
        asked = _checked(serializers.NextSerializer, request)
        lease = asked.get("lease") or uuid.uuid4()
        rows = CandidateSegment.objects.in_session(asked["session"])
        segments = rows.lease_hand(member=request.user, lease=lease, count=asked["count"])
        hand = {
            "lease": lease,
            "lease_ends_at": segments[0].lease_ends_at if segments else None,
            "left": rows.available().shown().count(),
            "segments": segments,
        }
        return Response(serializers.HandSerializer(hand).data)


class SortSave(APIView):
    """Keep a held segment as a clip."""

    @extend_schema(request=serializers.SaveSerializer, responses={200: serializers.ClipSerializer, **REFUSALS})
    def post(self, request: Request) -> Response:
        asked = _checked(serializers.SaveSerializer, request)
        segment, held_by = _segment_and_key(asked, request)
        clip = decisions.keep(segment, decisions.Choice(**asked), **held_by)
        clip = clips_for(request).get(pk=clip.pk)
        return Response(serializers.ClipSerializer(clip).data)


class SortTrash(APIView):
    """Trash a held segment."""

    @extend_schema(request=serializers.DecisionSerializer, responses={204: None, **REFUSALS})
    def post(self, request: Request) -> Response:
        segment, held_by = _segment_and_key(_checked(serializers.DecisionSerializer, request), request)
        decisions.trash(segment, **held_by)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SortSkip(APIView):
    """Leave a held segment for later: it comes back after all others."""

    @extend_schema(request=serializers.DecisionSerializer, responses={204: None, **REFUSALS})
    def post(self, request: Request) -> Response:
        segment, held_by = _segment_and_key(_checked(serializers.DecisionSerializer, request), request)
        decisions.skip(segment, **held_by)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SortAside(APIView):
    """Set the whole video of a held segment aside: its segments are skipped, none is trashed."""

    @extend_schema(request=serializers.DecisionSerializer, responses={204: None, **REFUSALS})
    def post(self, request: Request) -> Response:
        segment, held_by = _segment_and_key(_checked(serializers.DecisionSerializer, request), request)
        decisions.put_aside(segment, **held_by)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SortUndo(APIView):
    """Undo one of your decisions; its segment returns to the hand of that lease."""

    @extend_schema(request=serializers.UndoSerializer, responses={200: serializers.SegmentSerializer, **REFUSALS})
    def post(self, request: Request) -> Response:
        asked = _checked(serializers.UndoSerializer, request)
        segment = undo(member=request.user, **asked)
        return Response(serializers.SegmentSerializer(segment).data)


class SortRelease(APIView):
    """Release everything that a lease holds, as a page does when it closes."""

    @extend_schema(request=serializers.ReleaseSerializer, responses={204: None, 422: serializers.SentenceSerializer})
    def post(self, request: Request) -> Response:
        CandidateSegment.objects.give_back(_checked(serializers.ReleaseSerializer, request)["lease"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class ClipList(generics.ListAPIView):
    """All clips, newest first."""

    serializer_class = serializers.ClipSerializer
    filterset_class = ClipFilter
    queryset = FinalClip.objects.all()

    def get_queryset(self):
        return clips_for(self.request).prefetch_related("person__aliases", "trick__aliases")


class ClipEdit(APIView):
    """Make a new version of a current clip; omitted fields stay as they are."""

    @extend_schema(request=serializers.EditSerializer, responses={200: serializers.ClipSerializer, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        clip = found(FinalClip.objects.with_names().filter(pk=pk).first(), _("clip"))
        asked = _checked(serializers.EditSerializer, request)
        others = {"tags": asked.pop("all_cameras"), "cut": asked.pop("cut_all_cameras")}
        version = edit(clip, replace(decisions.choice_of(clip), **asked), member=request.user, **others).version
        return Response(serializers.ClipSerializer(clips_for(request).get(pk=version.pk)).data)


class ClipHeart(APIView):
    """Give a clip your heart, or take it away. All versions of a clip share their hearts."""

    @extend_schema(request=serializers.HeartSerializer, responses={200: serializers.ClipSerializer, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        clip = found(FinalClip.objects.filter(pk=pk, removed_at=None).first(), _("clip"))
        wanted = _checked(serializers.HeartSerializer, request)["heart"]
        if wanted is None:
            Heart.objects.toggle(clip.lineage, request.user)
        elif wanted:
            Heart.objects.give([clip.lineage], request.user)
        else:
            Heart.objects.take_away([clip.lineage], request.user)
        return Response(serializers.ClipSerializer(clips_for(request).get(pk=pk)).data)


class ClipStars(APIView):
    """Rate a clip with the crew's stars. All versions of a clip share them, and the last word counts."""

    @extend_schema(request=serializers.StarsSerializer, responses={200: serializers.ClipSerializer, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        clip = found(FinalClip.objects.filter(pk=pk, removed_at=None).first(), _("clip"))
        asked = _checked(serializers.StarsSerializer, request)
        if clip.stars != asked["stars"]:
            current = FinalClip.objects.current().filter(lineage=clip.lineage).values_list("pk", flat=True)
            mark = mark_of(request, request.data)
            rate_many(current, asked["stars"], member=request.user, key=asked["key"], asked=mark)
        return Response(serializers.ClipSerializer(clips_for(request).get(pk=pk)).data)


class PersonList(generics.ListCreateAPIView):
    """Riders and filmers. An existing name or alias answers 409."""

    serializer_class = serializers.PersonSerializer
    queryset = Person.objects.prefetch_related("aliases")
    filter_backends = []

    def perform_create(self, serializer) -> None:
        if other := Person.objects.named(serializer.validated_data["display_name"]).first():
            raise Conflict(_("%(person)s already has this name.") % {"person": other})
        _create_once(serializer)


class TrickList(generics.ListCreateAPIView):
    """Tricks. An existing one answers 409, however its name is written: "frontside 3" is FS 360."""

    serializer_class = serializers.TrickSerializer
    queryset = Trick.objects.prefetch_related("aliases")
    filter_backends = []

    def perform_create(self, serializer) -> None:
        asked = serializer.validated_data
        label = naming.label(asked["stance"], asked["direction"], asked["name"])
        if other := Trick.objects.named(label).first():
            raise Conflict(_("%(trick)s already has this name.") % {"trick": other})
        _create_once(serializer)


class JobList(generics.ListAPIView):
    """Background jobs, newest first."""

    serializer_class = serializers.JobSerializer
    filterset_class = JobFilter
    queryset = Job.objects.with_targets()


class JobRetry(APIView):
    """Run a failed or cancelled job again."""

    @extend_schema(request=None, responses={200: serializers.JobSerializer, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        job = found(Job.objects.filter(pk=pk).first(), _("job"))
        if not job.retry():
            raise Conflict(_("This job didn’t fail, or a newer one is already running."))
        note(Action.RETRIED, job)
        pipeline.publish(job)
        job.refresh_from_db()
        return Response(serializers.JobSerializer(job).data)


class JobCancel(APIView):
    """Stop a waiting or running job."""

    @extend_schema(request=None, responses={200: serializers.JobSerializer, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        job = found(Job.objects.filter(pk=pk).first(), _("job"))
        if not job.cancel():
            raise Conflict(_("This job has already ended."))
        note(Action.CANCELLED, job)
        job.refresh_from_db()
        return Response(serializers.JobSerializer(job).data)


def clips_for(request: Request) -> FinalClipQuerySet:
    """Return all clips with what the API tells of them to whoever asks."""
    return FinalClip.objects.with_names().with_hearts(request.user)


def _checked(serializer_class: type, request: Request) -> dict:
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def _segment_and_key(asked: dict, request: Request) -> tuple[CandidateSegment, dict]:
    """Remove segment, lease and key from a decision's fields; the choice remains."""
    rows = CandidateSegment.objects.select_related("original_file__shoot")
    segment = found(rows.filter(pk=asked.pop("segment")).first(), _("segment"))
    return segment, {"lease": asked.pop("lease"), "key": asked.pop("key"), "member": request.user}


def _create_once(serializer) -> None:
    try:
        with transaction.atomic():
            serializer.save()
    except IntegrityError as error:
        raise Conflict(_("This name already exists.")) from error
