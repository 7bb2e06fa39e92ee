"""Adds the records of merges, so that they can be undone."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0007_erasure"),
    ]

    operations = [
        migrations.CreateModel(
            name="Merge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(help_text="The model, as people.person.", max_length=60, verbose_name="kind"),
                ),
                ("merged", models.CharField(db_index=True, max_length=60, verbose_name="merged row’s id")),
                ("merged_name", models.CharField(max_length=200, verbose_name="merged")),
                ("survivor", models.CharField(max_length=60, verbose_name="survivor’s id")),
                ("survivor_name", models.CharField(max_length=200, verbose_name="into")),
                ("row", models.TextField(editable=False)),
                ("aliases", models.JSONField(default=list, editable=False)),
                ("new_aliases", models.JSONField(default=list, editable=False)),
                ("moved", models.JSONField(default=dict, editable=False)),
                ("dropped", models.JSONField(default=dict, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                ("undone_at", models.DateTimeField(editable=False, null=True, verbose_name="undone")),
                (
                    "member",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "merge",
                "verbose_name_plural": "merges",
                "ordering": ["-created_at"],
            },
        ),
    ]
