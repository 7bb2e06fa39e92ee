"""The API of reactions and comments: read and write those of a clip or an edit, show a guest's, delete one."""

import uuid

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clips.api.bulk import REFUSALS
from clips.api.errors import Conflict, found
from clips.models import Comment, FinalClip, Reaction, ReactionKind, Reel, Speaker, Subject
from clips.models.talk import MAX_COMMENT
from clips.talk import saying
from clips.talk.saying import NotYoursError, TalkError
from people.naming.spelling import clean_name


class CommentSerializer(serializers.ModelSerializer):
    edit = serializers.UUIDField(source="reel_id", allow_null=True)

    class Meta:
        model = Comment
        fields = ["id", "lineage", "edit", "text", "name", "is_guest", "state", "created_at"]
        read_only_fields = fields


class SaySerializer(serializers.Serializer):
    text = serializers.CharField(max_length=MAX_COMMENT)
    key = serializers.UUIDField(help_text="Of your making: the same request sent twice writes one comment.")

    def validate_text(self, text: str) -> str:
        if not clean_name(text):
            raise serializers.ValidationError(_("Write a comment."))
        return text.replace("\r\n", "\n")


class ReactSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=ReactionKind.choices)
    wanted = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Whether it shall have yours. Omit it to toggle."
    )


class ReactionSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=ReactionKind.choices)
    n = serializers.IntegerField(help_text="How many gave it.")
    is_own = serializers.BooleanField(help_text="Whether you did.")


class CommentsOf(generics.ListAPIView):
    """Comments on a clip, in all its versions, or on an edit; the oldest first. Your own and those you may let through
    are among them.
    """

    serializer_class = CommentSerializer
    filter_backends = []
    kind = "clip"

    def get_queryset(self) -> QuerySet[Comment]:
        if getattr(self, "swagger_fake_view", False):
            return Comment.objects.none()
        rows = Comment.objects.about(subject_of(self.kind, self.kwargs["pk"]))
        return rows.readable_by(Speaker(member=self.request.user)).order_by("created_at", "pk")

    @extend_schema(request=SaySerializer, responses={200: CommentSerializer, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Write a comment."""
        subject = subject_of(self.kind, pk)
        asked = SaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        words = asked.validated_data
        try:
            comment, _is_new = saying.say(subject, words["text"], Speaker(member=request.user), key=words["key"])
        except TalkError as error:
            raise Conflict(str(error)) from error
        return Response(CommentSerializer(comment).data)


class ReactionsOf(APIView):
    """Reactions to a clip, in all its versions, or to an edit."""

    kind = "clip"

    @extend_schema(responses={200: ReactionSerializer(many=True), **REFUSALS})
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        return self._answer(request, subject_of(self.kind, pk))

    @extend_schema(request=ReactSerializer, responses={200: ReactionSerializer(many=True), **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Give a reaction, or take it away."""
        subject = subject_of(self.kind, pk)
        asked = ReactSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wish = asked.validated_data
        saying.react(subject, wish["kind"], Speaker(member=request.user), wanted=wish["wanted"])
        return self._answer(request, subject)

    def _answer(self, request: Request, subject: Subject) -> Response:
        given = Reaction.objects.counts(subject, Speaker(member=request.user))
        rows = [(kind, *given.get(kind, (0, False))) for kind in ReactionKind.values]
        return Response([{"kind": kind, "n": n, "is_own": is_own} for kind, n, is_own in rows])


class CommentDetail(APIView):
    """One comment."""

    @extend_schema(responses={204: None, **REFUSALS})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Delete it for good: its author, curators, and for a guest's who made the link."""
        comment = _comment(pk)
        try:
            saying.delete(comment, Speaker(member=request.user))
        except NotYoursError as error:
            raise PermissionDenied(str(error)) from error
        return Response(status=204)


class CommentShow(APIView):
    """Show a guest's comment to everybody: curators, and who made the link."""

    @extend_schema(request=None, responses={200: CommentSerializer, **REFUSALS})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        try:
            saying.let_through(_comment(pk), request.user)
        except NotYoursError as error:
            raise PermissionDenied(str(error)) from error
        return Response(CommentSerializer(_comment(pk)).data)


def subject_of(kind: str, pk: uuid.UUID) -> Subject:
    """Return the clip or edit that is talked about; 404 if it is not there, or in the bin."""
    if kind == "edit":
        found(Reel.objects.in_use().filter(pk=pk).first(), _("edit"))
        return Subject(reel_id=pk)
    clip = found(FinalClip.objects.filter(pk=pk, removed_at=None).only("lineage").first(), _("clip"))
    return Subject(lineage=clip.lineage)


def _comment(pk: uuid.UUID) -> Comment:
    return found(Comment.objects.select_related("link").filter(pk=pk).first(), _("comment"))
