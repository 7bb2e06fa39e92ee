"""Adds rendered edits, the music for them, and the job that renders one."""

import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0064_landed_tricks'),
        ('people', '0011_member_rider'),
        ('tricks', '0005_labels'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReelMusic',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('stored_path', models.CharField(max_length=100, unique=True, verbose_name='stored as')),
                ('size_bytes', models.PositiveBigIntegerField(verbose_name='size')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='brought')),
            ],
            options={
                'verbose_name': 'music of an edit',
                'verbose_name_plural': 'music of edits',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='ReelRender',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('shape', models.CharField(choices=[('WIDE', '16:9'), ('TALL', '9:16'), ('PORTRAIT', '4:5'), ('SQUARE', '1:1')], max_length=8, verbose_name='format')),
                ('shorter_px', models.PositiveSmallIntegerField(verbose_name='size')),
                ('rate', models.CharField(help_text='A fraction, as 30000/1001.', max_length=11, verbose_name='frames per second')),
                ('plan', models.JSONField(default=dict, editable=False)),
                ('snaps', models.BooleanField(default=False, verbose_name='cuts on the beat')),
                ('stored_path', models.CharField(blank=True, help_text='Empty until it exists.', max_length=100, verbose_name='stored as')),
                ('size_bytes', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='size')),
                ('duration_ms', models.PositiveIntegerField(blank=True, null=True, verbose_name='length')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='requested')),
                ('seen_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='last viewed')),
            ],
            options={
                'verbose_name': 'rendered edit',
                'verbose_name_plural': 'rendered edits',
                'ordering': ['-created_at'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='job',
            name='job_kind_known',
        ),
        migrations.RemoveIndex(
            model_name='job',
            name='job_about',
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('INGEST', 'check upload'), ('PROBE', 'read camera data'), ('DETECT', 'search for tricks'), ('POSTER', 'make pictures'), ('PREVIEW', 'make preview'), ('FILMSTRIP', 'make filmstrip'), ('PIECES', 'make video watchable'), ('RENDER', 'cut clip'), ('SHARE', 'make share video'), ('ARCHIVE', 'archive'), ('WITHDRAW', 'remove from archive'), ('COLLECT', 'import from Drive folder'), ('FETCH', 'restore from archive'), ('RENAME', 'rename clips'), ('REGAIN', 'restore clip from archive'), ('RECORD', 'describe session in archive'), ('EMPTY', 'empty the bin'), ('DEMO', 'draw the demo film'), ('FILM', 'render edit')], max_length=10, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='reelmusic',
            name='brought_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='brought by'),
        ),
        migrations.AddField(
            model_name='reelmusic',
            name='reel',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='music', to='clips.reel', verbose_name='edit'),
        ),
        migrations.AddField(
            model_name='reelrender',
            name='made_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by'),
        ),
        migrations.AddField(
            model_name='reelrender',
            name='music',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='renders', to='clips.reelmusic', verbose_name='music'),
        ),
        migrations.AddField(
            model_name='reelrender',
            name='reel',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='renders', to='clips.reel', verbose_name='edit'),
        ),
        migrations.AddField(
            model_name='job',
            name='reel_render',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='jobs', to='clips.reelrender'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(django.db.models.functions.comparison.Coalesce('upload_id', 'original_file_id', 'segment_id', 'clip_id', 'shoot_id', 'person_id', 'trick_id', 'bulk_change_id', 'bin_entry_id', 'reel_render_id', output_field=models.UUIDField()), models.F('kind'), models.F('created_at'), name='job_about'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['INGEST', 'PROBE', 'DETECT', 'POSTER', 'PREVIEW', 'FILMSTRIP', 'PIECES', 'RENDER', 'SHARE', 'ARCHIVE', 'WITHDRAW', 'COLLECT', 'FETCH', 'RENAME', 'REGAIN', 'RECORD', 'EMPTY', 'DEMO', 'FILM'])), name='job_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('WAITING', 'RUNNING'))), fields=('kind', 'reel_render'), name='job_one_active_per_reel_render'),
        ),
        migrations.AddIndex(
            model_name='reelrender',
            index=models.Index(condition=models.Q(('stored_path', ''), _negated=True), fields=['seen_at'], name='reel_render_last_seen'),
        ),
        migrations.AddConstraint(
            model_name='reelrender',
            constraint=models.CheckConstraint(condition=models.Q(('shape__in', ['WIDE', 'TALL', 'PORTRAIT', 'SQUARE'])), name='reel_render_shape_known'),
        ),
        migrations.AddConstraint(
            model_name='reelrender',
            constraint=models.CheckConstraint(condition=models.Q(('shorter_px__in', (1080, 2160))), name='reel_render_size_known'),
        ),
        migrations.AddConstraint(
            model_name='reelrender',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('duration_ms', None), ('size_bytes', None), ('stored_path', '')), models.Q(('duration_ms__isnull', False), ('size_bytes__gt', 0), models.Q(('stored_path', ''), _negated=True)), _connector='OR'), name='reel_render_file_fields_together'),
        ),
    ]
