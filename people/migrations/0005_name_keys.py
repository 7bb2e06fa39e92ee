from django.db import migrations, models

import people.naming.fields


class Migration(migrations.Migration):
    dependencies = [("people", "0004_clean_names")]

    operations = [
        migrations.RemoveConstraint(model_name="person", name="person_name_unique"),
        migrations.RemoveConstraint(model_name="person", name="person_slug_safe"),
        migrations.RemoveConstraint(model_name="personalias", name="person_alias_unique"),
        migrations.AddField(
            model_name="person", name="name_key", field=people.naming.fields.key_of("display_name")
        ),
        migrations.AddField(model_name="personalias", name="name_key", field=people.naming.fields.key_of("name")),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.UniqueConstraint(
                fields=("name_key",),
                name="person_name_unique",
                violation_error_message="Somebody has this name already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(condition=~models.Q(display_name=""), name="person_has_a_name"),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=people.naming.fields.slug_is_safe(), name="person_slug_safe"
            ),
        ),
        migrations.AddConstraint(
            model_name="personalias",
            constraint=models.UniqueConstraint(
                fields=("name_key",),
                name="person_alias_unique",
                violation_error_message="Somebody else goes by this alias.",
            ),
        ),
    ]
