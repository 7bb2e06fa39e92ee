from django.db import migrations, models

import people.naming.fields


class Migration(migrations.Migration):
    dependencies = [("clips", "0026_clean_session_names")]

    operations = [
        migrations.RemoveConstraint(model_name="shoot", name="shoot_slug_safe"),
        migrations.AddField(model_name="shoot", name="name_key", field=people.naming.fields.key_of("name")),
        migrations.AddConstraint(
            model_name="shoot",
            constraint=models.UniqueConstraint(
                fields=("date", "name_key"),
                name="shoot_name_unique",
                violation_error_message="This day has a session of this name already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="shoot",
            constraint=models.CheckConstraint(condition=~models.Q(name=""), name="shoot_has_a_name"),
        ),
        migrations.AddConstraint(
            model_name="shoot",
            constraint=models.CheckConstraint(condition=people.naming.fields.slug_is_safe(), name="shoot_slug_safe"),
        ),
    ]
