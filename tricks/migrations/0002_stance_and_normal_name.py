import django.db.models.functions.text
from django.db import migrations, models

import tricks.models


class Migration(migrations.Migration):
    dependencies = [("tricks", "0001_tables")]

    operations = [
        migrations.RemoveConstraint(model_name="trick", name="trick_name_unique"),
        migrations.AlterModelOptions(
            name="trick",
            options={
                "ordering": [django.db.models.functions.text.Lower("name"), "direction", "stance"],
                "verbose_name": "trick",
                "verbose_name_plural": "tricks",
            },
        ),
        migrations.AddField(
            model_name="trick",
            name="stance",
            field=models.CharField(
                blank=True,
                choices=[("", "any"), ("SW", "switch"), ("NOLLIE", "nollie"), ("FAKIE", "fakie"), ("CAB", "cab")],
                default="",
                max_length=10,
                verbose_name="stance",
            ),
        ),
        migrations.AddField(
            model_name="trick",
            name="normal_name",
            field=tricks.models.NormalNameField(default="", verbose_name="normal form"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="trickalias",
            name="normal_name",
            field=tricks.models.NormalNameField(default="", verbose_name="normal form"),
            preserve_default=False,
        ),
    ]
