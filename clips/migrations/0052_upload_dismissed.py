"""A failed upload leaves the list of its uploader when they dismiss it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clips", "0050_bulk_change_asked")]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="dismissed_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="dismissed"),
        ),
    ]
