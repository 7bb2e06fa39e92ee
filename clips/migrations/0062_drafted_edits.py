"""Lets a sorted session have an edit that was made by itself, and a notice about it."""

import clips.models.notice
import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0061_stars'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='notice',
            name='notice_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='reelchange',
            name='reel_change_kind_known',
        ),
        migrations.AddField(
            model_name='reel',
            name='is_drafted',
            field=models.BooleanField(db_default=False, default=False, editable=False, verbose_name='made by itself'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('READY', 'a session is ready to sort'), ('SORTED', 'a session is sorted and its edit is ready'), ('BLOCKED', 'something needs attention'), ('DAILY', 'daily summary')], max_length=10, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='noticechannel',
            name='wants',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('READY', 'a session is ready to sort'), ('SORTED', 'a session is sorted and its edit is ready'), ('BLOCKED', 'something needs attention'), ('DAILY', 'daily summary')], max_length=10), default=clips.models.notice.all_kinds, size=None, verbose_name='notices'),
        ),
        migrations.AlterField(
            model_name='reelchange',
            name='kind',
            field=models.CharField(choices=[('ADD', 'add clips'), ('REMOVE', 'remove a clip'), ('MOVE', 'move a clip'), ('TRIM', 'trim a clip'), ('SPEED', 'change the speed of a clip'), ('TITLE', 'change a title'), ('SOUND', 'switch the sound of a clip'), ('RENAME', 'rename the edit'), ('DRAFT', 'choose the clips again')], max_length=6, verbose_name='change'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['READY', 'SORTED', 'BLOCKED', 'DAILY'])), name='notice_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='reel',
            constraint=models.UniqueConstraint(condition=models.Q(('is_drafted', True)), fields=('shoot',), name='reel_drafted_once_a_session'),
        ),
        migrations.AddConstraint(
            model_name='reelchange',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['ADD', 'REMOVE', 'MOVE', 'TRIM', 'SPEED', 'TITLE', 'SOUND', 'RENAME', 'DRAFT'])), name='reel_change_kind_known'),
        ),
    ]
