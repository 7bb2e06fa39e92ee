"""Adds the rider that a member is."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0010_member_language"),
    ]

    operations = [
        migrations.AddField(
            model_name="member",
            name="rider",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="member",
                to="people.person",
                verbose_name="rider",
            ),
        ),
    ]
