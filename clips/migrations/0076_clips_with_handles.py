"""Adds clips cut with handles for video editors, and the job that cuts one."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0075_crops_of_edits'),
        ('people', '0011_member_rider'),
        ('tricks', '0005_labels'),
    ]

    operations = [
        migrations.CreateModel(
            name='HandleCut',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('handle_ms', models.PositiveIntegerField(help_text='Milliseconds before and after the clip.', verbose_name='handles')),
                ('start_ms', models.PositiveBigIntegerField(verbose_name='start')),
                ('end_ms', models.PositiveBigIntegerField(verbose_name='end')),
                ('n_frames', models.PositiveIntegerField(blank=True, null=True, verbose_name='frames')),
                ('stored_path', models.CharField(blank=True, help_text='Empty until it exists.', max_length=100, verbose_name='stored as')),
                ('size_bytes', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='size')),
                ('crc32', models.PositiveBigIntegerField(blank=True, editable=False, null=True, verbose_name='CRC-32')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='requested')),
                ('seen_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='last downloaded')),
            ],
            options={
                'verbose_name': 'clip with handles',
                'verbose_name_plural': 'clips with handles',
                'ordering': ['clip', 'handle_ms'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='job',
            name='job_kind_known',
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('INGEST', 'check upload'), ('PROBE', 'read camera data'), ('DETECT', 'search for tricks'), ('POSTER', 'make pictures'), ('PREVIEW', 'make preview'), ('FILMSTRIP', 'make filmstrip'), ('PIECES', 'make video watchable'), ('RENDER', 'cut clip'), ('SHARE', 'make share video'), ('ARCHIVE', 'archive'), ('WITHDRAW', 'remove from archive'), ('COLLECT', 'import from Drive folder'), ('FETCH', 'restore from archive'), ('RENAME', 'rename clips'), ('REGAIN', 'restore clip from archive'), ('RECORD', 'describe session in archive'), ('EMPTY', 'empty the bin'), ('DEMO', 'draw the demo film'), ('FILM', 'render edit'), ('READ_BACK', 'read back'), ('HANDLES', 'cut clip with handles')], max_length=10, verbose_name='kind'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['INGEST', 'PROBE', 'DETECT', 'POSTER', 'PREVIEW', 'FILMSTRIP', 'PIECES', 'RENDER', 'SHARE', 'ARCHIVE', 'WITHDRAW', 'COLLECT', 'FETCH', 'RENAME', 'REGAIN', 'RECORD', 'EMPTY', 'DEMO', 'FILM', 'READ_BACK', 'HANDLES'])), name='job_kind_known'),
        ),
        migrations.AddField(
            model_name='handlecut',
            name='clip',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='handle_cuts', to='clips.finalclip', verbose_name='clip'),
        ),
        migrations.AddConstraint(
            model_name='handlecut',
            constraint=models.UniqueConstraint(fields=('clip', 'handle_ms'), name='handle_cut_unique'),
        ),
        migrations.AddConstraint(
            model_name='handlecut',
            constraint=models.CheckConstraint(condition=models.Q(('end_ms__gt', models.F('start_ms')), ('handle_ms__gt', 0)), name='handle_cut_has_length'),
        ),
        migrations.AddConstraint(
            model_name='handlecut',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('crc32', None), ('n_frames', None), ('size_bytes', None), ('stored_path', '')), models.Q(('crc32__isnull', False), ('n_frames__gt', 0), ('size_bytes__gt', 0), models.Q(('stored_path', ''), _negated=True)), _connector='OR'), name='handle_cut_file_fields_together'),
        ),
    ]
