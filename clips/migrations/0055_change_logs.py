"""The position in a list of changes is kept per list: a shared drive has its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clips", "0052_upload_dismissed")]

    operations = [
        migrations.AddField(
            model_name="archivecursor",
            name="log",
            field=models.CharField(blank=True, default="", max_length=100, verbose_name="log"),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="archivecursor",
            name="backend",
            field=models.CharField(max_length=20, verbose_name="archive"),
        ),
        migrations.AddConstraint(
            model_name="archivecursor",
            constraint=models.UniqueConstraint(fields=("backend", "log"), name="archive_cursor_unique"),
        ),
        migrations.AddField(
            model_name="inbox",
            name="log",
            field=models.CharField(blank=True, default="", editable=False, max_length=100),
            preserve_default=False,
        ),
    ]
