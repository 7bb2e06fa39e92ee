from django.db import migrations, models

import people.naming.fields


class Migration(migrations.Migration):
    dependencies = [("tricks", "0003_read_trick_names")]

    operations = [
        migrations.RemoveConstraint(model_name="trick", name="trick_slug_safe"),
        migrations.RemoveConstraint(model_name="trick", name="trick_direction_known"),
        migrations.RemoveConstraint(model_name="trickalias", name="trick_alias_unique"),
        migrations.AlterField(
            model_name="trick",
            name="direction",
            field=models.CharField(
                blank=True,
                choices=[("", "any"), ("FS", "frontside"), ("BS", "backside"), ("LEFT", "left"), ("RIGHT", "right")],
                default="",
                max_length=10,
                verbose_name="direction",
            ),
        ),
        migrations.AddConstraint(
            model_name="trick",
            constraint=models.UniqueConstraint(
                fields=("normal_name",),
                name="trick_normal_name_unique",
                violation_error_message="This trick exists already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="trick",
            constraint=models.CheckConstraint(condition=~models.Q(normal_name=""), name="trick_has_a_name"),
        ),
        migrations.AddConstraint(
            model_name="trick",
            constraint=models.CheckConstraint(condition=people.naming.fields.slug_is_safe(), name="trick_slug_safe"),
        ),
        migrations.AddConstraint(
            model_name="trick",
            constraint=models.CheckConstraint(
                condition=models.Q(stance__in=["", "SW", "NOLLIE", "FAKIE", "CAB"]), name="trick_stance_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="trick",
            constraint=models.CheckConstraint(
                condition=models.Q(direction__in=["", "FS", "BS", "LEFT", "RIGHT"]), name="trick_direction_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="trickalias",
            constraint=models.UniqueConstraint(
                fields=("normal_name",),
                name="trick_alias_unique",
                violation_error_message="Another trick goes by this alias.",
            ),
        ),
    ]
