"""Marks moments that were proposed because another camera saw them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clips", "0088_kept_part_touches")]

    operations = [
        migrations.AddField(
            model_name="candidatesegment",
            name="is_from_angle",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="The search of its own video missed it.",
                verbose_name="from another camera",
            ),
        ),
    ]
