"""Adds pairs of videos that filmed the same, and what people say of them."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0080_who_signed_a_session_file'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='VideoPair',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('offset_ms', models.BigIntegerField(verbose_name='offset in milliseconds')),
                ('nudge_us', models.IntegerField(default=0, help_text='Microseconds by which people moved the second video.', verbose_name='moved by hand')),
                ('drift_ppm', models.FloatField(blank=True, null=True, verbose_name='drift of the clocks')),
                ('confidence', models.FloatField(verbose_name='confidence')),
                ('state', models.CharField(choices=[('NONE', 'nothing in common'), ('UNSURE', 'unsure'), ('SURE', 'sure by sound'), ('CONFIRMED', 'confirmed'), ('REJECTED', 'taken apart')], max_length=9, verbose_name='state')),
                ('found_at', models.DateTimeField(verbose_name='compared')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('first', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clips.originalfile', verbose_name='video')),
                ('second', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clips.originalfile', verbose_name='other video')),
            ],
            options={
                'verbose_name': 'pair of videos',
                'verbose_name_plural': 'pairs of videos',
                'ordering': ['-found_at'],
                'constraints': [models.UniqueConstraint(fields=('first', 'second'), name='video_pair_once'), models.CheckConstraint(condition=models.Q(('first__lt', models.F('second'))), name='video_pair_in_order'), models.CheckConstraint(condition=models.Q(('confidence__range', (0, 1))), name='video_pair_confidence_is_share'), models.CheckConstraint(condition=models.Q(('drift_ppm', None), ('drift_ppm__range', (-1000, 1000)), _connector='OR'), name='video_pair_drift_is_small'), models.CheckConstraint(condition=models.Q(('nudge_us__range', (-60000000, 60000000))), name='video_pair_nudge_is_small'), models.CheckConstraint(condition=models.Q(('state__in', ['NONE', 'UNSURE', 'SURE', 'CONFIRMED', 'REJECTED'])), name='video_pair_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', False), ('state__in', ('CONFIRMED', 'REJECTED'))), models.Q(models.Q(('state__in', ('CONFIRMED', 'REJECTED')), _negated=True), ('decided_at', None), ('decided_by', None)), _connector='OR'), name='video_pair_decided_has_time')],
            },
        ),
        migrations.CreateModel(
            name='PairChange',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('CONFIRM', 'confirm a pair'), ('TAKE_APART', 'take a pair apart'), ('NUDGE', 'move a video by frames')], max_length=10, verbose_name='change')),
                ('member_name', models.CharField(help_text='Kept when the member is deleted.', max_length=40, verbose_name='by (name)')),
                ('before', models.JSONField(default=dict, editable=False)),
                ('after', models.JSONField(default=dict, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='when')),
                ('undone_at', models.DateTimeField(blank=True, null=True, verbose_name='undone')),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('pair', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='clips.videopair', verbose_name='pair')),
            ],
            options={
                'verbose_name': 'change of a pair',
                'verbose_name_plural': 'changes of pairs',
                'ordering': ['-created_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['CONFIRM', 'TAKE_APART', 'NUDGE'])), name='pair_change_kind_known')],
            },
        ),
    ]
