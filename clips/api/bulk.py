"""The API of changes of many clips at once: make one, look at it, undo it."""

import uuid

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clips.api.errors import found
from clips.api.serializers import PeopleField, SentenceSerializer
from clips.library import bulk, hearts, stars, undoing
from clips.library.angles import with_beside
from clips.library.selection import MAX_IDS, Selection, SelectionForm
from clips.models import BulkChange, ClipCategory
from clips.models.clip import MAX_STARS
from tricks.models import Trick
from trickyclip.shared.asked_once import mark_of

REFUSALS = {404: SentenceSerializer, 409: SentenceSerializer, 422: SentenceSerializer}


class BulkChangeSerializer(serializers.ModelSerializer):
    said = serializers.CharField(source="__str__", read_only=True, help_text="The change in one sentence.")
    progress = serializers.SerializerMethodField()

    class Meta:
        model = BulkChange
        fields = ["id", "kind", "said", "n_changed", "progress", "member_name", "created_at", "undone_at"]
        read_only_fields = fields

    def get_progress(self, change: BulkChange) -> float:
        """Return how far file names and archive copies have followed, 0 to 1."""
        progress = bulk.progress_of(change)
        return 1.0 if progress is None else progress


class SelectionSerializer(serializers.Serializer):
    """Some clips: by their ids, or all that match a query; and the key of the request."""

    key = serializers.UUIDField(help_text="Made by the client for this change. Sending it again changes nothing.")
    clips = serializers.ListField(
        child=serializers.UUIDField(), max_length=MAX_IDS, required=False, default=list, help_text="Ids of clips."
    )
    query = serializers.CharField(
        required=False, allow_blank=True, default=None, allow_null=True, max_length=4000,
        help_text="Instead of ids: a query as of /api/clips, as “person=Mia&trick=BS 180”. All its clips are meant.",
    )  # fmt: skip

    def validate(self, asked: dict) -> dict:
        if bool(asked["clips"]) == (asked["query"] is not None):
            raise serializers.ValidationError(_("Send either the ids of clips, or a query."))
        chosen = SelectionForm({"all": "on", "query": asked["query"]})
        if asked["query"] is not None and not chosen.is_valid():
            raise serializers.ValidationError(chosen.non_field_errors()[0])
        return asked

    def selection(self) -> Selection:
        asked = self.validated_data
        return Selection(ids=tuple(asked["clips"])) if asked["clips"] else Selection(all_of=asked["query"])


#: One of the ways to say it, as only the key is required of all.
EXAMPLE = {"key": "0b7a4f0e-3f0d-4a53-9f5d-2a1c8c1d7e11", "query": "person=Mia&trick=KFED", "stars": 4}


@extend_schema_serializer(examples=[OpenApiExample("By a query", value=EXAMPLE, request_only=True)])
class BulkTagsSerializer(SelectionSerializer):
    people = PeopleField(required=False, help_text="Take the places of all riders; the first names the file.")
    add_people = PeopleField(required=False, default=list, help_text="Join the riders that are there.")
    trick = serializers.PrimaryKeyRelatedField(queryset=Trick.objects, allow_null=True, required=False)
    category = serializers.ChoiceField(ClipCategory.choices, required=False)
    all_cameras = serializers.BooleanField(
        default=True, help_text="Tags also go to the clips of the same tricks from other cameras."
    )
    heart = serializers.BooleanField(
        required=False, help_text="Instead of tags: give all of them your heart, or take it away."
    )

    stars = serializers.IntegerField(
        required=False, min_value=0, max_value=MAX_STARS, help_text="Instead of tags: rate all of them; 0 for none."
    )

    def validate(self, asked: dict) -> dict:
        asked = super().validate(asked)
        rating = [name for name in ("heart", "stars") if name in asked]
        tags = any(name in asked for name in ("people", "trick", "category")) or asked["add_people"]
        if len(rating) + bool(tags) > 1:
            raise serializers.ValidationError(_("Send either tags, a heart or stars."))
        if not rating and not tags:
            raise serializers.ValidationError(_("Choose a rider, a trick or a category."))
        return asked

    def change(self) -> bulk.TagChange:
        asked = self.validated_data
        return bulk.TagChange(
            sets_people="people" in asked,
            people=tuple(asked.get("people", ())),
            added=tuple(asked["add_people"]),
            sets_trick="trick" in asked,
            trick=asked.get("trick"),
            category=asked.get("category"),
        )


class BulkTags(APIView):
    """Change tags, hearts or stars of many clips in one step; file names and archive follow in the background."""

    @extend_schema(request=BulkTagsSerializer, responses={200: BulkChangeSerializer, **REFUSALS})
    def post(self, request: Request) -> Response:
        asked = BulkTagsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        clips = asked.selection().clips(request.user).values_list("pk", flat=True)
        who = {"member": request.user, "key": asked.validated_data["key"], "asked": mark_of(request, request.data)}
        if "heart" in asked.validated_data:
            made = hearts.heart_many(clips, wanted=asked.validated_data["heart"], **who)
        elif "stars" in asked.validated_data:
            made = stars.rate_many(clips, asked.validated_data["stars"], **who)
        else:
            chosen = with_beside(clips) if asked.validated_data["all_cameras"] else clips
            made = bulk.change_tags(chosen, asked.change(), **who)
        return Response(BulkChangeSerializer(made).data)


class BulkDetail(generics.RetrieveAPIView):
    """One change of many rows, and how far it has come."""

    serializer_class = BulkChangeSerializer
    queryset = BulkChange.objects.defer("rows")
    filter_backends = []


class BulkUndo(APIView):
    """Undo a change in one step: your own, or as a curator anybody's. What was changed again since stays as it is."""

    @extend_schema(request=None, responses={200: BulkChangeSerializer, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        change = found(BulkChange.objects.filter(pk=pk).first(), _("change"))
        undoing.undo(change, member=request.user)
        change.refresh_from_db()
        return Response(BulkChangeSerializer(change).data)
