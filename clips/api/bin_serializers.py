"""Serializers of the bin."""

from rest_framework import serializers

from clips.library import emptying
from clips.models import BinEntry


class BinEntrySerializer(serializers.ModelSerializer):
    goes_at = serializers.DateTimeField(help_text="When it is deleted unless somebody restores it.")
    says = serializers.SerializerMethodField(help_text="What deleting it takes away, in one sentence.")

    class Meta:
        model = BinEntry
        fields = [
            "id", "kind", "title", "reason", "thrown_by_name", "thrown_at", "goes_at", "says", "n_clips", "n_videos",
            "n_moments", "n_archived", "size_bytes", "restored_at", "emptying_at", "emptied_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_says(self, entry: BinEntry) -> str:
        return emptying.says(entry)


class ThrowSerializer(serializers.Serializer):
    key = serializers.UUIDField(
        required=False, help_text="Made by the client, and the id of the entry. Sending it again changes nothing."
    )
    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class ThrowVideoSerializer(ThrowSerializer):
    with_clips = serializers.BooleanField(required=False, default=False)
