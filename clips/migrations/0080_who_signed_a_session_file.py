from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clips", "0076_clips_with_handles")]

    operations = [
        migrations.AddField(
            model_name="sessionfile",
            name="sha256",
            field=models.CharField(blank=True, editable=False, max_length=64, verbose_name="SHA-256"),
        ),
        migrations.AddField(
            model_name="sessionfile",
            name="signed_by",
            field=models.CharField(blank=True, editable=False, max_length=40, verbose_name="signed by"),
        ),
    ]
