"""The API of pairs of videos that filmed the same: list those of a session, confirm, take apart, move, undo."""

import uuid
from collections.abc import Callable

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clips.api.bulk import REFUSALS
from clips.api.errors import Conflict, found
from clips.library.pair_views import MOST_FRAMES
from clips.library.pairs import change
from clips.models import PairChange, PairState, Shoot, VideoPair

KEY_HELP = "Of your making: the same request sent twice changes once."


class PairSerializer(serializers.ModelSerializer):
    shift_ms = serializers.FloatField(help_text="Where the second begins, in milliseconds of the first.")

    class Meta:
        model = VideoPair
        fields = [
            "id",
            "first",
            "second",
            "shift_ms",
            "nudge_us",
            "drift_ppm",
            "confidence",
            "found_by",
            "state",
            "found_at",
        ]
        read_only_fields = fields


class PairAskSerializer(serializers.Serializer):
    key = serializers.UUIDField(help_text=KEY_HELP)


class NudgeSerializer(PairAskSerializer):
    frames = serializers.IntegerField(
        min_value=-MOST_FRAMES, max_value=MOST_FRAMES, help_text="The second begins so many frames later."
    )


class ChangedPairSerializer(PairSerializer):
    change = serializers.SerializerMethodField()

    class Meta(PairSerializer.Meta):
        fields = [*PairSerializer.Meta.fields, "change"]
        read_only_fields = fields

    def get_change(self, pair: VideoPair) -> uuid.UUID | None:
        """Return the id of the last change, which an undo names."""
        last = PairChange.objects.filter(pair=pair, undone_at=None).order_by("-created_at")
        return last.values_list("pk", flat=True).first()


class UndoPairSerializer(serializers.Serializer):
    change = serializers.UUIDField(help_text="The id of the change, which is the key that made it.")


class PairList(generics.ListAPIView):
    """Videos of a session that filmed the same, two by two; UNSURE ones are guesses that wait for somebody's word."""

    serializer_class = PairSerializer
    filter_backends = []

    def get_queryset(self) -> QuerySet[VideoPair]:
        if getattr(self, "swagger_fake_view", False):
            return VideoPair.objects.none()
        shoot = found(Shoot.objects.in_use().filter(pk=self.kwargs["pk"]).first(), _("session"))
        rows = VideoPair.objects.in_use().filter(first__shoot=shoot, second__shoot=shoot)
        return rows.exclude(state=PairState.NONE).order_by("first__recorded_at", "second__recorded_at", "pk")


class PairConfirm(APIView):
    """Say that two videos belong together as they lie."""

    @extend_schema(request=PairAskSerializer, responses={200: ChangedPairSerializer, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        asked = _checked(PairAskSerializer, request)
        return _answer(pk, lambda pair: pair.confirm(request.user, key=asked["key"]))


class PairTakeApart(APIView):
    """Say that two videos do not belong together."""

    @extend_schema(request=PairAskSerializer, responses={200: ChangedPairSerializer, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        asked = _checked(PairAskSerializer, request)
        return _answer(pk, lambda pair: pair.take_apart(request.user, key=asked["key"]))


class PairNudge(APIView):
    """Move the second video by frames of the faster of the two, which confirms the pair."""

    @extend_schema(request=NudgeSerializer, responses={200: ChangedPairSerializer, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        asked = _checked(NudgeSerializer, request)
        return _answer(pk, lambda pair: pair.nudge(asked["frames"], request.user, key=asked["key"]))


class PairUndo(APIView):
    """Undo the last change of a pair."""

    @extend_schema(request=UndoPairSerializer, responses={200: ChangedPairSerializer, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        asked = _checked(UndoPairSerializer, request)

        def undo(pair: VideoPair) -> bool:
            return bool(found(PairChange.objects.filter(pair=pair, pk=asked["change"]).first(), _("change")).undo())

        return _answer(pk, undo)


def _checked(serializer: type[serializers.Serializer], request: Request) -> dict:
    asked = serializer(data=request.data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _answer(pk: uuid.UUID, act: Callable[[VideoPair], bool]) -> Response:
    pair = found(VideoPair.objects.in_use().select_related("first", "second").filter(pk=pk).first(), _("pair"))
    if not change(pair, act):
        raise Conflict(_("Somebody has changed this pair meanwhile."))
    return Response(ChangedPairSerializer(VideoPair.objects.get(pk=pk)).data)
