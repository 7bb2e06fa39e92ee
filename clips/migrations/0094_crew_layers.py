"""Adds what is learned from sorting, what it changes of moments, and the job that learns.

Triggers note that something was learned, so that the crew's file in the archive is written again.
"""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

FUNCTION = "archive_touch_clips_crewlayer"
CHANGES = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}
ON = [
    f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO clips_archivetouch (shoot_id) SELECT NULL::uuid FROM changed LIMIT 1; RETURN NULL; END $$",
    *(
        f"CREATE TRIGGER touch_{event.lower()} AFTER {event} ON clips_crewlayer REFERENCING {rows} TABLE AS changed "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()"
        for event, rows in CHANGES.items()
    ),
]


def score_plainly(apps, schema_editor):
    """Give moments the scores of the search again, and drop the jobs that the older code does not know."""
    moments = apps.get_model("clips", "CandidateSegment").objects.filter(plain_score__isnull=False)
    moments.update(score=models.F("plain_score"), plain_score=None)
    apps.get_model("clips", "Job").objects.filter(kind="LEARN").delete()


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0093_cameras_of_edits'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CrewLayer',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(unique=True, verbose_name='version')),
                ('state', models.CharField(choices=[('IN_USE', 'in use'), ('PAUSED', 'paused'), ('REVERTED', 'reverted by itself'), ('NO_GAIN', 'no gain'), ('REPLACED', 'replaced'), ('FORGOTTEN', 'forgotten')], max_length=9, verbose_name='state')),
                ('layer', models.JSONField(default=dict, help_text='Empty once forgotten.', verbose_name='weights')),
                ('n_decisions', models.PositiveIntegerField(verbose_name='decisions')),
                ('n_kept', models.PositiveIntegerField(verbose_name='kept')),
                ('n_sessions', models.PositiveIntegerField(verbose_name='sessions')),
                ('gain', models.FloatField(default=0.0, help_text='How far the loss fell in sessions left out.', verbose_name='gain')),
                ('more', models.FloatField(default=0.0, help_text='Share of tricks more in as many cards.', verbose_name='more tricks')),
                ('learned_until', models.DateTimeField(verbose_name='last decision')),
                ('used_since', models.DateTimeField(blank=True, null=True, verbose_name='used since')),
                ('learned_at', models.DateTimeField(auto_now_add=True, verbose_name='learned')),
                ('changed_at', models.DateTimeField(verbose_name='changed')),
            ],
            options={
                'verbose_name': 'learned layer',
                'verbose_name_plural': 'learned layers',
                'ordering': ['-version'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='job',
            name='job_kind_known',
        ),
        migrations.AddField(
            model_name='candidatesegment',
            name='crew_why',
            field=models.CharField(blank=True, editable=False, max_length=100, verbose_name="why, by the crew's habits"),
        ),
        migrations.AddField(
            model_name='candidatesegment',
            name='plain_score',
            field=models.FloatField(blank=True, editable=False, help_text='Without what was learned from sorting; empty where that changes nothing.', null=True, verbose_name='score of the search'),
        ),
        migrations.AddField(
            model_name='detectionrun',
            name='layer_version',
            field=models.PositiveIntegerField(blank=True, help_text="Of what was learned from sorting; empty for the search's own scores.", null=True, verbose_name='scored by version'),
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('INGEST', 'check upload'), ('PROBE', 'read camera data'), ('DETECT', 'search for tricks'), ('POSTER', 'make pictures'), ('PREVIEW', 'make preview'), ('FILMSTRIP', 'make filmstrip'), ('PIECES', 'make video watchable'), ('RENDER', 'cut clip'), ('SHARE', 'make share video'), ('ARCHIVE', 'archive'), ('WITHDRAW', 'remove from archive'), ('COLLECT', 'import from Drive folder'), ('FETCH', 'restore from archive'), ('RENAME', 'rename clips'), ('REGAIN', 'restore clip from archive'), ('RECORD', 'describe session in archive'), ('EMPTY', 'empty the bin'), ('DEMO', 'draw the demo film'), ('FILM', 'render edit'), ('READ_BACK', 'read back'), ('HANDLES', 'cut clip with handles'), ('PAIR', 'look for other cameras'), ('LOOK', 'look closer'), ('TRIM', 'trim original'), ('LEARN', 'learn from sorting')], max_length=10, verbose_name='kind'),
        ),
        migrations.AddConstraint(
            model_name='candidatesegment',
            constraint=models.CheckConstraint(condition=models.Q(('plain_score', None), models.Q(('plain_score__gte', 0), ('plain_score__lte', 1)), _connector='OR'), name='segment_plain_score_in_unit'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['INGEST', 'PROBE', 'DETECT', 'POSTER', 'PREVIEW', 'FILMSTRIP', 'PIECES', 'RENDER', 'SHARE', 'ARCHIVE', 'WITHDRAW', 'COLLECT', 'FETCH', 'RENAME', 'REGAIN', 'RECORD', 'EMPTY', 'DEMO', 'FILM', 'READ_BACK', 'HANDLES', 'PAIR', 'LOOK', 'TRIM', 'LEARN'])), name='job_kind_known'),
        ),
        migrations.AddField(
            model_name='crewlayer',
            name='changed_by',
            field=models.ForeignKey(blank=True, help_text='Empty if the site did it itself.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='changed by'),
        ),
        migrations.AddConstraint(
            model_name='crewlayer',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['IN_USE', 'PAUSED', 'REVERTED', 'NO_GAIN', 'REPLACED', 'FORGOTTEN'])), name='crew_layer_state_known'),
        ),
        migrations.AddConstraint(
            model_name='crewlayer',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'IN_USE')), fields=('state',), name='crew_layer_one_in_use'),
        ),
        migrations.AddConstraint(
            model_name='crewlayer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'IN_USE'), _negated=True), ('used_since__isnull', False), _connector='OR'), name='crew_layer_used_since_when'),
        ),
        migrations.AddConstraint(
            model_name='crewlayer',
            constraint=models.CheckConstraint(condition=models.Q(('n_kept__lte', models.F('n_decisions'))), name='crew_layer_kept_of_decided'),
        ),
        migrations.RunSQL(ON, [f"DROP FUNCTION {FUNCTION}() CASCADE"]),
        migrations.RunPython(migrations.RunPython.noop, score_plainly),
    ]
