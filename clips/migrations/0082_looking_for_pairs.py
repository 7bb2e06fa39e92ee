"""Adds the job that looks for pairs of videos; what is known of pairs goes into their session's file in the archive."""

from django.db import migrations, models

KINDS = [
    ('INGEST', 'check upload'), ('PROBE', 'read camera data'), ('DETECT', 'search for tricks'), ('POSTER', 'make pictures'),
    ('PREVIEW', 'make preview'), ('FILMSTRIP', 'make filmstrip'), ('PIECES', 'make video watchable'), ('RENDER', 'cut clip'),
    ('SHARE', 'make share video'), ('ARCHIVE', 'archive'), ('WITHDRAW', 'remove from archive'),
    ('COLLECT', 'import from Drive folder'), ('FETCH', 'restore from archive'), ('RENAME', 'rename clips'),
    ('REGAIN', 'restore clip from archive'), ('RECORD', 'describe session in archive'), ('EMPTY', 'empty the bin'),
    ('DEMO', 'draw the demo film'), ('FILM', 'render edit'), ('READ_BACK', 'read back'), ('HANDLES', 'cut clip with handles'),
    ('PAIR', 'look for other cameras'),
]
ROOT = "SELECT DISTINCT f.shoot_id FROM {rows} JOIN clips_originalfile f ON f.id = c.first_id WHERE {which}"
#: What stands, or a person decided; the rest is made again.
TOLD = "c.state IN ('SURE', 'CONFIRMED', 'REJECTED')"
# ruff: noqa: S608
ABOUT = ROOT.format(rows="changed c", which=TOLD)
IF_CHANGED = ROOT.format(
    rows="changed c JOIN before b ON b.id = c.id",
    which=f"({TOLD} OR b.state IN ('SURE', 'CONFIRMED', 'REJECTED')) AND (c.state, c.offset_ms, c.nudge_us, c.drift_ppm) "
    "IS DISTINCT FROM (b.state, b.offset_ms, b.nudge_us, b.drift_ppm)",
)


def _function(name: str, query: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"INSERT INTO clips_archivetouch (shoot_id) {query}; RETURN NULL; END $$"
    )


def _trigger(name: str, event: str, function: str, rows: str) -> str:
    return (
        f"CREATE TRIGGER {name} AFTER {event} ON clips_videopair REFERENCING {rows} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    )


ON = [
    _function("archive_touch_clips_videopair", ABOUT),
    _trigger("touch_insert", "INSERT", "archive_touch_clips_videopair", "NEW TABLE AS changed"),
    _trigger("touch_delete", "DELETE", "archive_touch_clips_videopair", "OLD TABLE AS changed"),
    _function("archive_touch_if_clips_videopair", IF_CHANGED),
    _trigger(
        "touch_compared", "UPDATE", "archive_touch_if_clips_videopair", "OLD TABLE AS before NEW TABLE AS changed"
    ),
]
OFF = [
    "DROP FUNCTION archive_touch_clips_videopair() CASCADE",
    "DROP FUNCTION archive_touch_if_clips_videopair() CASCADE",
]


def drop_jobs(apps, schema_editor):
    """Drop the jobs of a kind that the older code does not know."""
    apps.get_model("clips", "Job").objects.filter(kind="PAIR").delete()


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0081_video_pairs'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='job',
            name='job_kind_known',
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=KINDS, max_length=10, verbose_name='kind'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', [kind for kind, _label in KINDS])), name='job_kind_known'),
        ),
        migrations.RunSQL(ON, OFF),
        migrations.RunPython(migrations.RunPython.noop, drop_jobs),
    ]
