"""Triggers note of which session or edit something was said; channels of the daily summary hear of comments, too."""

from django.db import migrations

TABLES = ("clips_comment", "clips_reaction")
# ruff: noqa: S608
ABOUT = (
    "SELECT DISTINCT f.shoot_id FROM changed c JOIN clips_finalclip k ON k.lineage = c.lineage "
    "JOIN clips_originalfile f ON f.id = k.original_file_id "
    "UNION SELECT NULL::uuid FROM changed WHERE reel_id IS NOT NULL"
)
#: That an address is forgotten after a day changes nothing that is written.
IF_CHANGED = (
    "WITH changed AS (SELECT c.* FROM after_it c JOIN before b ON b.id = c.id "
    "WHERE (c.text, c.name, c.state, c.member_id) IS DISTINCT FROM (b.text, b.name, b.state, b.member_id)) " + ABOUT
)


def _function(name: str, query: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"INSERT INTO clips_archivetouch (shoot_id) {query}; RETURN NULL; END $$"
    )


def _trigger(name: str, table: str, event: str, function: str, rows: str) -> str:
    return (
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {rows} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    )


def _on() -> list[str]:
    done = []
    for table in TABLES:
        done.append(_function(f"archive_touch_{table}", ABOUT))
        done.append(_trigger("touch_insert", table, "INSERT", f"archive_touch_{table}", "NEW TABLE AS changed"))
        done.append(_trigger("touch_delete", table, "DELETE", f"archive_touch_{table}", "OLD TABLE AS changed"))
    done.append(_function("archive_touch_if_clips_comment", IF_CHANGED))
    rows = "OLD TABLE AS before NEW TABLE AS after_it"
    done.append(_trigger("touch_compared", "clips_comment", "UPDATE", "archive_touch_if_clips_comment", rows))
    return done


def _off() -> list[str]:
    names = [*(f"archive_touch_{table}" for table in TABLES), "archive_touch_if_clips_comment"]
    return [f"DROP FUNCTION {name}() CASCADE" for name in names]


TELL = "UPDATE clips_noticechannel SET wants = array_append(wants, 'TALK') WHERE 'DAILY' = ANY(wants)"
DO_NOT = "UPDATE clips_noticechannel SET wants = array_remove(wants, 'TALK')"
FORGET = "DELETE FROM clips_notice WHERE kind = 'TALK'"


class Migration(migrations.Migration):
    dependencies = [("clips", "0068_talk")]

    operations = [migrations.RunSQL(_on(), _off()), migrations.RunSQL(TELL, [FORGET, DO_NOT])]
