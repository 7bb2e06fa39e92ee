"""Adds the job that looks at a video a second time when nobody waits, and marks the moments that it adds."""

from django.db import migrations, models


def drop_jobs(apps, schema_editor):
    """Drop the jobs of a kind that the older code does not know."""
    apps.get_model("clips", "Job").objects.filter(kind="LOOK").delete()


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0083_angles'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='job',
            name='job_kind_known',
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('INGEST', 'check upload'), ('PROBE', 'read camera data'), ('DETECT', 'search for tricks'), ('POSTER', 'make pictures'), ('PREVIEW', 'make preview'), ('FILMSTRIP', 'make filmstrip'), ('PIECES', 'make video watchable'), ('RENDER', 'cut clip'), ('SHARE', 'make share video'), ('ARCHIVE', 'archive'), ('WITHDRAW', 'remove from archive'), ('COLLECT', 'import from Drive folder'), ('FETCH', 'restore from archive'), ('RENAME', 'rename clips'), ('REGAIN', 'restore clip from archive'), ('RECORD', 'describe session in archive'), ('EMPTY', 'empty the bin'), ('DEMO', 'draw the demo film'), ('FILM', 'render edit'), ('READ_BACK', 'read back'), ('HANDLES', 'cut clip with handles'), ('PAIR', 'look for other cameras'), ('LOOK', 'look closer')], max_length=10, verbose_name='kind'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['INGEST', 'PROBE', 'DETECT', 'POSTER', 'PREVIEW', 'FILMSTRIP', 'PIECES', 'RENDER', 'SHARE', 'ARCHIVE', 'WITHDRAW', 'COLLECT', 'FETCH', 'RENAME', 'REGAIN', 'RECORD', 'EMPTY', 'DEMO', 'FILM', 'READ_BACK', 'HANDLES', 'PAIR', 'LOOK'])), name='job_kind_known'),
        ),
        migrations.AddField(
            model_name='candidatesegment',
            name='is_second_look',
            field=models.BooleanField(default=False, editable=False, help_text='The first search missed it, or hid it.', verbose_name='from the second look'),
        ),
        migrations.RunPython(migrations.RunPython.noop, drop_jobs),
    ]
