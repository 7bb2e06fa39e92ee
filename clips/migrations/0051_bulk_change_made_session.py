"""Notes at each change whether it made the session that it moved videos to."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0050_bulk_change_asked'),
    ]

    operations = [
        migrations.AddField(
            model_name='bulkchange',
            name='made_session',
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
