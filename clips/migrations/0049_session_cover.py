"""Adds the moment whose picture stands for a session."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clips", "0048_pieces"),
    ]

    operations = [
        migrations.AddField(
            model_name="shoot",
            name="cover",
            field=models.ForeignKey(
                blank=True,
                help_text="The moment whose picture stands for the session.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="clips.candidatesegment",
                verbose_name="cover picture",
            ),
        ),
    ]
