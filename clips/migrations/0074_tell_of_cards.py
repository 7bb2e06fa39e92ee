"""Channels that are told when something needs attention are told of cards, too."""

from django.db import migrations

TELL = "UPDATE clips_noticechannel SET wants = array_append(wants, 'CARD') WHERE 'BLOCKED' = ANY(wants)"
DO_NOT = "UPDATE clips_noticechannel SET wants = array_remove(wants, 'CARD')"
FORGET = "DELETE FROM clips_notice WHERE kind = 'CARD'"


class Migration(migrations.Migration):
    dependencies = [("clips", "0073_receipts")]

    operations = [migrations.RunSQL(TELL, [FORGET, DO_NOT])]
