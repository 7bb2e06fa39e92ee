"""Serializers of the API: the fields of each row, and of each request."""

from django.utils.translation import gettext as _
from rest_framework import serializers

from clips.models import CandidateSegment, ClipCategory, FinalClip, Job, Upload
from clips.models.clip import MAX_PEOPLE, MAX_STARS
from clips.models.segment import MAX_HAND
from people.models import Person
from people.naming.spelling import clean_name
from tricks.models import KNOWN_CATEGORIES, Direction, Stance, Trick


def seen(name: str) -> str:
    """Return a name as it is stored; ValidationError if nothing of it is visible."""
    if not (cleaned := clean_name(name)):
        raise serializers.ValidationError(_("Write a name."))
    return cleaned


class PersonSerializer(serializers.ModelSerializer):
    aliases = serializers.SlugRelatedField("name", many=True, read_only=True)

    class Meta:
        model = Person
        fields = ["id", "display_name", "slug", "aliases", "created_at"]
        read_only_fields = ["id", "slug", "created_at"]

    def validate_display_name(self, name: str) -> str:
        if "," in name:
            raise serializers.ValidationError(_("Commas separate names. Add each name on its own."))
        return seen(name)

    def create(self, fields: dict) -> Person:
        return Person.objects.add(fields["display_name"])


class TrickSerializer(serializers.ModelSerializer):
    aliases = serializers.SlugRelatedField("name", many=True, read_only=True)
    stance = serializers.ChoiceField(Stance.choices, default=Stance.NONE, allow_blank=True)
    direction = serializers.ChoiceField(Direction.choices, default=Direction.NONE, allow_blank=True)
    rotation_deg = serializers.IntegerField(read_only=True, allow_null=True)
    category = serializers.RegexField(r"^[A-Z][A-Z0-9_]*$", max_length=20, default=KNOWN_CATEGORIES[0])

    class Meta:
        model = Trick
        fields = ["id", "name", "slug", "category", "stance", "direction", "rotation_deg", "aliases"]
        read_only_fields = ["id", "slug"]

    def validate_name(self, name: str) -> str:
        return seen(name)

    def create(self, fields: dict) -> Trick:
        return Trick.objects.add(**fields)


class UploadSerializer(serializers.ModelSerializer):
    session_name = serializers.CharField(source="shoot.name", read_only=True)
    session_date = serializers.DateField(source="shoot.date", read_only=True)

    class Meta:
        model = Upload
        fields = [
            "id", "original_filename", "size_bytes", "offset_bytes", "state", "reason", "original_file",
            "session_name", "session_date", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewUploadSerializer(serializers.Serializer):
    filename = serializers.CharField(max_length=1000)
    size_bytes = serializers.IntegerField(min_value=0)
    session_name = serializers.CharField(max_length=100, required=False, default="")
    session_date = serializers.DateField(required=False, default=None, allow_null=True)
    anyway = serializers.BooleanField(
        required=False, default=False, help_text="Bring it in also if somebody deleted the same file."
    )


class SegmentSerializer(serializers.ModelSerializer):
    original_filename = serializers.CharField(source="original_file.original_filename")
    duration_ms = serializers.IntegerField(source="original_file.duration_ms", help_text="of the whole file")
    camera_id = serializers.CharField(source="original_file.camera_id")
    fps_label = serializers.CharField(source="original_file.fps_label")
    session_name = serializers.CharField(source="original_file.shoot.name")
    session_date = serializers.DateField(source="original_file.shoot.date")

    class Meta:
        model = CandidateSegment
        fields = [
            "id", "original_file", "original_filename", "start_ms", "end_ms", "duration_ms", "score", "chance",
            "why", "camera_id", "fps_label", "session_name", "session_date",
        ]  # fmt: skip
        read_only_fields = fields


class NextSerializer(serializers.Serializer):
    lease = serializers.UUIDField(
        required=False, help_text="The page's token from its first call. A new one is made if omitted."
    )
    count = serializers.IntegerField(
        min_value=1, max_value=MAX_HAND, default=1, help_text="How many to hold at most; segments already held stay."
    )
    session = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Only segments of this session."
    )


class HandSerializer(serializers.Serializer):
    lease = serializers.UUIDField()
    lease_ends_at = serializers.DateTimeField(allow_null=True)
    left = serializers.IntegerField(help_text="Number of shown segments that nobody has decided or holds.")
    segments = SegmentSerializer(many=True)


class DecisionSerializer(serializers.Serializer):
    segment = serializers.UUIDField()
    lease = serializers.UUIDField()
    key = serializers.UUIDField(help_text="Made by the client for this decision. Sending it again changes nothing.")


class PeopleField(serializers.ListField):
    """People by their ids; more than a clip may have are refused before any query."""

    child = serializers.UUIDField()

    def __init__(self, **options) -> None:
        super().__init__(max_length=MAX_PEOPLE, **options)

    def to_internal_value(self, data: object) -> list[Person]:
        if isinstance(data, list) and len(data) > self.max_length:
            raise serializers.ValidationError(_("A clip has at most %(n)d people.") % {"n": self.max_length})
        ids = super().to_internal_value(data)
        found = Person.objects.in_bulk(ids)
        if unknown := next((pk for pk in ids if pk not in found), None):
            raise serializers.ValidationError(_("There is no person %(id)s.") % {"id": unknown})
        return [found[pk] for pk in ids]


class SaveSerializer(DecisionSerializer):
    start_ms = serializers.IntegerField(max_value=2**53)
    end_ms = serializers.IntegerField(max_value=2**53)
    category = serializers.ChoiceField(ClipCategory.choices, default=ClipCategory.TRICK)
    person = serializers.PrimaryKeyRelatedField(queryset=Person.objects, allow_null=True, default=None)
    trick = serializers.PrimaryKeyRelatedField(queryset=Trick.objects, allow_null=True, default=None)
    also = PeopleField(required=False, default=list)


class UndoSerializer(serializers.Serializer):
    lease = serializers.UUIDField(help_text="The page that gets the segment back.")
    key = serializers.UUIDField(help_text="Made by the client for this undo. Sending it again changes nothing.")
    decision = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The key of the decision; by default, your last one not undone.",
    )


class ReleaseSerializer(serializers.Serializer):
    lease = serializers.UUIDField()


class EditSerializer(serializers.Serializer):
    start_ms = serializers.IntegerField(max_value=2**53, required=False)
    end_ms = serializers.IntegerField(max_value=2**53, required=False)
    category = serializers.ChoiceField(ClipCategory.choices, required=False)
    person = serializers.PrimaryKeyRelatedField(queryset=Person.objects, allow_null=True, required=False)
    trick = serializers.PrimaryKeyRelatedField(queryset=Trick.objects, allow_null=True, required=False)
    also = PeopleField(required=False)
    all_cameras = serializers.BooleanField(
        default=True, help_text="Riders, trick and category also change in the clips of the trick from other cameras."
    )
    cut_all_cameras = serializers.BooleanField(
        default=False, help_text="These are cut at the same instants as well, as far as their videos show them."
    )


class ClipSerializer(serializers.ModelSerializer):
    person = PersonSerializer(read_only=True)
    trick = TrickSerializer(read_only=True)
    also = serializers.SlugRelatedField("display_name", many=True, read_only=True)
    session_name = serializers.CharField(source="original_file.shoot.name")
    archived = serializers.SerializerMethodField()
    n_hearts = serializers.IntegerField(help_text="Members who gave it a heart.")
    has_my_heart = serializers.BooleanField()

    class Meta:
        model = FinalClip
        fields = [
            "id", "filename", "date", "session_name", "person", "also", "trick", "category", "camera_id",
            "fps_label", "start_ms", "end_ms", "original_file", "candidate_segment", "file_hash", "size_bytes",
            "lineage", "is_current", "archived", "tracks", "stars", "n_hearts", "has_my_heart",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_archived(self, clip: FinalClip) -> dict[str, str]:
        """Return the path in each archive that holds the clip, by backend."""
        return {copy.backend: copy.path for copy in clip.copies.all() if copy.verified_at}


class HeartSerializer(serializers.Serializer):
    heart = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Whether it shall have yours. Omit it to toggle."
    )


class StarsSerializer(serializers.Serializer):
    stars = serializers.IntegerField(min_value=0, max_value=MAX_STARS, help_text="The crew's; 0 for none.")
    key = serializers.UUIDField(help_text="Of your making: the same request sent twice changes once.")


class JobSerializer(serializers.ModelSerializer):
    target = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = [
            "id", "kind", "state", "target", "progress", "attempts", "reason", "created_at", "started_at", "finished_at"
        ]  # fmt: skip
        read_only_fields = fields

    def get_target(self, job: Job) -> str:
        return str(job.target)


class SentenceSerializer(serializers.Serializer):
    """The body of every error."""

    detail = serializers.CharField()
