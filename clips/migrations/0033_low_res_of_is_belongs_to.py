import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Words only: a second lens belongs to a file as a small copy does."""

    dependencies = [
        ("clips", "0032_job_kills"),
    ]

    operations = [
        migrations.AlterField(
            model_name="originalfile",
            name="low_res_of",
            field=models.ForeignKey(
                blank=True,
                help_text="Of a camera's own low-resolution copy (LRV) or second lens: the file whose moments count.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="low_res_copies",
                to="clips.originalfile",
                verbose_name="belongs to",
            ),
        ),
    ]
