"""Channels that are told when a session is ready to sort are told when it is sorted, too."""

from django.db import migrations

TELL = "UPDATE clips_noticechannel SET wants = array_append(wants, 'SORTED') WHERE 'READY' = ANY(wants)"
DO_NOT = "UPDATE clips_noticechannel SET wants = array_remove(wants, 'SORTED')"
FORGET = "DELETE FROM clips_notice WHERE kind = 'SORTED'"


class Migration(migrations.Migration):
    dependencies = [("clips", "0062_drafted_edits")]

    operations = [migrations.RunSQL(TELL, [FORGET, DO_NOT])]
