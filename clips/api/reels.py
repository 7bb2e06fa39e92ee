"""The API of edits: list them, look at one, add clips to one and undo that."""

import uuid

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clips.api.bin_serializers import BinEntrySerializer, ThrowSerializer
from clips.api.bin_views import REFUSALS as BIN_REFUSALS
from clips.api.bin_views import throw
from clips.api.bulk import REFUSALS, SelectionSerializer
from clips.api.errors import found
from clips.models import Reel, ReelChange, ReelClip
from clips.reels.add_views import gather
from clips.reels.contents import with_pictures
from clips.reels.editing import undo
from clips.reels.forms import MAX_NAME


class ReelSerializer(serializers.ModelSerializer):
    n_clips = serializers.SerializerMethodField()
    session = serializers.UUIDField(source="shoot_id", allow_null=True)

    class Meta:
        model = Reel
        fields = ["id", "name", "n_clips", "session", "made_by_name", "created_at", "changed_at"]
        read_only_fields = fields

    def get_n_clips(self, reel: Reel) -> int:
        return reel.n_clips or 0


class ReelClipSerializer(serializers.ModelSerializer):
    class Meta:
        model = ReelClip
        fields = ["id", "position", "lineage", "start_ms", "end_ms", "speed", "title", "has_sound", "crop"]
        read_only_fields = fields


class ReelDetailSerializer(ReelSerializer):
    clips = ReelClipSerializer(
        many=True, read_only=True, help_text="In their order. Times are in the video, null for all of the clip."
    )

    class Meta(ReelSerializer.Meta):
        fields = [*ReelSerializer.Meta.fields, "clips"]
        read_only_fields = fields


class ReelChangeSerializer(serializers.ModelSerializer):
    edit = serializers.UUIDField(source="reel_id")
    said = serializers.CharField(source="__str__", read_only=True, help_text="The change in one sentence.")

    class Meta:
        model = ReelChange
        fields = ["id", "edit", "kind", "said", "n_clips", "state", "member_name", "created_at"]
        read_only_fields = fields


EXAMPLE = {"key": "7d1f2c64-52b7-4c1e-8a35-6a2b0c9e4f22", "query": "person=Mia&trick=KFED", "name": "December"}


@extend_schema_serializer(examples=[OpenApiExample("By a query", value=EXAMPLE, request_only=True)])
class AddSerializer(SelectionSerializer):
    name = serializers.CharField(
        max_length=MAX_NAME, help_text="Of the edit that they join at its end; it is made if there is none."
    )


class ReelList(generics.ListAPIView):
    """Edits, the last changed first."""

    serializer_class = ReelSerializer
    filter_backends = []

    def get_queryset(self) -> QuerySet[Reel]:
        return with_pictures(Reel.objects.in_use()).order_by("-changed_at", "pk")


class ReelDetail(generics.RetrieveAPIView):
    """One edit with its clips."""

    serializer_class = ReelDetailSerializer
    filter_backends = []

    def get_queryset(self) -> QuerySet[Reel]:
        return with_pictures(Reel.objects.in_use()).prefetch_related("clips")

    @extend_schema(parameters=[ThrowSerializer], request=None, responses={200: BinEntrySerializer, **BIN_REFUSALS})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Move the edit to the bin; its clips stay, and its share links stop working."""
        return throw(request, Reel.objects.filter(pk=pk), "reels", _("edit"))


class ReelAdd(APIView):
    """Add clips to an edit, in the order of the query; those that are in it already are left out."""

    @extend_schema(request=AddSerializer, responses={200: ReelChangeSerializer, **REFUSALS})
    def post(self, request: Request) -> Response:
        asked = AddSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        clips = asked.selection().clips(request.user)
        made = gather(asked.validated_data["name"], clips, member=request.user, key=asked.validated_data["key"])
        return Response(ReelChangeSerializer(made).data)


class ReelAddUndo(APIView):
    """Take added clips out of the edit again, if nothing else was changed in it; an edit made for them goes, too."""

    @extend_schema(request=None, responses={204: None, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        change = found(ReelChange.objects.select_related("reel").filter(pk=pk).first(), _("change"))
        undo(change, member=request.user)
        return Response(status=204)
