from django.db import migrations, models


class Migration(migrations.Migration):
    """What a search could not read of its file is said beside what it found."""

    dependencies = [
        ("clips", "0034_inbox_names_each_fault"),
    ]

    operations = [
        migrations.AddField(
            model_name="detectionrun",
            name="unread",
            field=models.CharField(
                blank=True,
                default="",
                help_text="What of the file the search could not look at or listen to.",
                max_length=500,
                verbose_name="could not be read",
            ),
            preserve_default=False,
        ),
    ]
