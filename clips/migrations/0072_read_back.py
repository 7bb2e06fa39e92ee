"""Adds what reading originals back from the disk showed, and the job that reads one."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0071_counted_hearts'),
        ('people', '0011_member_rider'),
        ('tricks', '0005_labels'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='job',
            name='job_kind_known',
        ),
        migrations.AddField(
            model_name='originalfile',
            name='damaged_at',
            field=models.DateTimeField(blank=True, help_text='When its bytes on the disk were found to have changed.', null=True, verbose_name='damaged'),
        ),
        migrations.AddField(
            model_name='originalfile',
            name='md5',
            field=models.CharField(blank=True, editable=False, max_length=32),
        ),
        migrations.AddField(
            model_name='originalfile',
            name='mended_at',
            field=models.DateTimeField(blank=True, help_text='When damaged bytes were last replaced by good ones.', null=True, verbose_name='repaired'),
        ),
        migrations.AddField(
            model_name='originalfile',
            name='read_back_at',
            field=models.DateTimeField(blank=True, help_text='When its bytes on the disk were last read and had its SHA-256.', null=True, verbose_name='read back'),
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('INGEST', 'check upload'), ('PROBE', 'read camera data'), ('DETECT', 'search for tricks'), ('POSTER', 'make pictures'), ('PREVIEW', 'make preview'), ('FILMSTRIP', 'make filmstrip'), ('PIECES', 'make video watchable'), ('RENDER', 'cut clip'), ('SHARE', 'make share video'), ('ARCHIVE', 'archive'), ('WITHDRAW', 'remove from archive'), ('COLLECT', 'import from Drive folder'), ('FETCH', 'restore from archive'), ('RENAME', 'rename clips'), ('REGAIN', 'restore clip from archive'), ('RECORD', 'describe session in archive'), ('EMPTY', 'empty the bin'), ('DEMO', 'draw the demo film'), ('FILM', 'render edit'), ('READ_BACK', 'read back')], max_length=10, verbose_name='kind'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['INGEST', 'PROBE', 'DETECT', 'POSTER', 'PREVIEW', 'FILMSTRIP', 'PIECES', 'RENDER', 'SHARE', 'ARCHIVE', 'WITHDRAW', 'COLLECT', 'FETCH', 'RENAME', 'REGAIN', 'RECORD', 'EMPTY', 'DEMO', 'FILM', 'READ_BACK'])), name='job_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='originalfile',
            constraint=models.CheckConstraint(condition=models.Q(('read_back_at', None), ('damaged_at', None), _connector='OR'), name='original_whole_or_damaged'),
        ),
        migrations.AddConstraint(
            model_name='originalfile',
            constraint=models.CheckConstraint(condition=models.Q(('read_back_at', None), ('md5__regex', '^[0-9a-f]{32}$'), _connector='OR'), name='original_read_back_has_md5'),
        ),
    ]
