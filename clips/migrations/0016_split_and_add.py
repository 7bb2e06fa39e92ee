"""People split moments and add others while they sort; both are decisions, so that they can be undone."""

from django.db import migrations, models

KINDS = {
    "KEEP": "keep",
    "TRASH": "trash",
    "SKIP": "skip",
    "ASIDE": "put the video aside",
    "SPLIT": "split",
    "ADD": "add a moment",
    "UNDO": "undo",
}


class Migration(migrations.Migration):
    dependencies = [("clips", "0015_archive_cursor")]

    operations = [
        migrations.RemoveConstraint(model_name="decision", name="decision_kind_known"),
        migrations.AlterField(
            model_name="decision",
            name="kind",
            field=models.CharField(choices=list(KINDS.items()), max_length=10, verbose_name="decision"),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(condition=models.Q(kind__in=list(KINDS)), name="decision_kind_known"),
        ),
    ]
