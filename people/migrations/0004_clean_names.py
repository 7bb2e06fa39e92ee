"""Stores names as they are compared from here on: composed, with single spaces, without invisible characters.

Two people that read as the same become "Zoë" and "Zoë (2)"; ``manage.py tidy_names`` proposes to merge them.
"""

from django.db import migrations

from people.naming.fields import clean_column


def clean(apps, schema_editor):
    clean_column(apps.get_model("people", "Person"), "display_name")
    clean_column(apps.get_model("people", "PersonAlias"), "name")


class Migration(migrations.Migration):
    dependencies = [("people", "0001_tables")]

    operations = [migrations.RunPython(clean, migrations.RunPython.noop)]
