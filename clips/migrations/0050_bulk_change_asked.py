"""Adds the checksum of the request to each change of many rows."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0049_session_cover'),
    ]

    operations = [
        migrations.AddField(
            model_name='bulkchange',
            name='asked',
            field=models.CharField(blank=True, default='', editable=False, max_length=64),
        ),
    ]
