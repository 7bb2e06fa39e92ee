"""Lists the clips with the most stars from an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clips", "0066_followed_films")]

    operations = [
        migrations.AddIndex(
            model_name="finalclip",
            index=models.Index(
                condition=models.Q(("is_current", True)),
                fields=["-stars", "-date", "-created_at"],
                name="clip_best_rated",
            ),
        ),
    ]
