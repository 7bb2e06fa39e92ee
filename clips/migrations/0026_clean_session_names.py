"""Stores names of sessions as they are compared from here on; of two that read as the same on one day, one gets "(2)"."""

from django.db import migrations

from people.naming.fields import clean_column


def clean(apps, schema_editor):
    clean_column(apps.get_model("clips", "Shoot"), "name", within="date", empty="Session")


class Migration(migrations.Migration):
    dependencies = [("clips", "0001_tables")]

    operations = [migrations.RunPython(clean, migrations.RunPython.noop)]
