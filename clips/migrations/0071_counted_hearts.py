"""Counts the hearts of each clip in its row, by triggers, and lists the clips with the most hearts from an index."""

from django.db import migrations, models

# ruff: noqa: S608
COUNT = (
    "CREATE FUNCTION count_hearts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "NEW.n_hearts := (SELECT count(*) FROM clips_heart WHERE lineage = NEW.lineage); RETURN NEW; END $$"
)
#: Whatever is written there, the number is that of the hearts.
WRITTEN = (
    "CREATE TRIGGER count_hearts BEFORE INSERT OR UPDATE OF n_hearts ON clips_finalclip "
    "FOR EACH ROW EXECUTE FUNCTION count_hearts()"
)
#: The rows are locked first, in the order in which everybody locks them: a version that is just being made is then there
#: when they are counted, or it counts the heart itself.
OF_CHANGED = "lineage IN (SELECT lineage FROM changed)"
GIVEN = (
    "CREATE FUNCTION count_hearts_again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"PERFORM 1 FROM clips_finalclip WHERE {OF_CHANGED} ORDER BY id FOR NO KEY UPDATE; "
    f"UPDATE clips_finalclip SET n_hearts = 0 WHERE {OF_CHANGED}; RETURN NULL; END $$"
)


def _trigger(event: str, rows: str) -> str:
    return (
        f"CREATE TRIGGER count_{event.lower()} AFTER {event} ON clips_heart REFERENCING {rows} TABLE AS changed "
        "FOR EACH STATEMENT EXECUTE FUNCTION count_hearts_again()"
    )


ON = [COUNT, WRITTEN, GIVEN, _trigger("INSERT", "NEW"), _trigger("DELETE", "OLD")]
OFF = ["DROP FUNCTION count_hearts() CASCADE", "DROP FUNCTION count_hearts_again() CASCADE"]
#: What is there already is counted once.
ALL = "UPDATE clips_finalclip SET n_hearts = 0 WHERE lineage IN (SELECT lineage FROM clips_heart)"


class Migration(migrations.Migration):
    dependencies = [("clips", "0069_talk_touches")]

    operations = [
        migrations.AddField(
            model_name="finalclip",
            name="n_hearts",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False, verbose_name="hearts"),
        ),
        migrations.AddIndex(
            model_name="finalclip",
            index=models.Index(
                condition=models.Q(("is_current", True)),
                fields=["-n_hearts", "-date", "-created_at"],
                name="clip_most_hearted",
            ),
        ),
        migrations.RunSQL(ON, OFF),
        migrations.RunSQL(ALL, migrations.RunSQL.noop),
    ]
