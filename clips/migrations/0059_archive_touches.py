"""Triggers note of which session something changed, so that its file in the archive is written again."""

from django.db import migrations

OF_SHOOT = "SELECT DISTINCT id FROM changed"
OF_FILE = "SELECT DISTINCT shoot_id FROM changed"
VIA_FILE = "SELECT DISTINCT f.shoot_id FROM changed c JOIN clips_originalfile f ON f.id = c.original_file_id"
VIA_CLIP = (
    "SELECT DISTINCT f.shoot_id FROM changed c JOIN clips_finalclip k ON k.id = c.finalclip_id "
    "JOIN clips_originalfile f ON f.id = k.original_file_id"
)
VIA_LINEAGE = (
    "SELECT DISTINCT f.shoot_id FROM changed c JOIN clips_finalclip k ON k.lineage = c.lineage "
    "JOIN clips_originalfile f ON f.id = k.original_file_id"
)
VIA_MOMENT = (
    "SELECT DISTINCT f.shoot_id FROM changed c JOIN clips_candidatesegment s ON s.id = c.segment_id "
    "JOIN clips_originalfile f ON f.id = s.original_file_id"
)
CREW = "SELECT NULL::uuid FROM changed LIMIT 1"
ALWAYS = ("INSERT", "UPDATE", "DELETE")
#: Table → which sessions its rows are about.
TABLES = {
    "clips_shoot": (OF_SHOOT, ("INSERT", "UPDATE")),
    "clips_originalfile": (OF_FILE, ALWAYS),
    "clips_finalclip": (VIA_FILE, ALWAYS),
    "clips_finalclip_also": (VIA_CLIP, ("INSERT", "DELETE")),
    "clips_heart": (VIA_LINEAGE, ("INSERT", "DELETE")),
    "clips_decision": (VIA_MOMENT, ALWAYS),
    "clips_candidatesegment": (VIA_FILE, ("INSERT", "DELETE")),
    "people_person": (CREW, ALWAYS),
    "people_personalias": (CREW, ALWAYS),
    "tricks_trick": (CREW, ALWAYS),
    "tricks_trickalias": (CREW, ALWAYS),
    "people_member": (CREW, ("INSERT",)),
    "clips_cameraname": (CREW, ALWAYS),
    "clips_cameraclock": (CREW, ALWAYS),
    "clips_binentry": (CREW, ALWAYS),
    "clips_reel": (CREW, ("INSERT", "DELETE")),
    "clips_reelclip": (CREW, ALWAYS),
}
_BOTH = "FROM changed c JOIN before b ON b.id = c.id"
# ruff: noqa: S608
_MOMENT = (
    f"SELECT DISTINCT f.shoot_id {_BOTH} JOIN clips_originalfile f ON f.id = c.original_file_id "
    "WHERE (c.status IS DISTINCT FROM b.status AND (c.status IN ('ACCEPTED', 'TRASHED') "
    "OR b.status IN ('ACCEPTED', 'TRASHED'))) OR (c.skipped_at, c.start_ms, c.end_ms) "
    "IS DISTINCT FROM (b.skipped_at, b.start_ms, b.end_ms)"
)
_MEMBER = (
    f"SELECT NULL::uuid {_BOTH} WHERE (c.username, c.role, c.rider_id, c.is_active, c.is_on_board, c.erased_at) "
    "IS DISTINCT FROM (b.username, b.role, b.rider_id, b.is_active, b.is_on_board, b.erased_at) LIMIT 1"
)
_REEL = (
    f"SELECT NULL::uuid {_BOTH} WHERE (c.name, c.shoot_id, c.changed_at, c.bin_entry_id) "
    "IS DISTINCT FROM (b.name, b.shoot_id, b.changed_at, b.bin_entry_id) LIMIT 1"
)
#: Tables whose rows change often without that anybody decided something: leases, logins.
COMPARED = {"clips_candidatesegment": _MOMENT, "people_member": _MEMBER, "clips_reel": _REEL}


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
    for table, (query, events) in TABLES.items():
        done.append(_function(f"archive_touch_{table}", query))
        for event in events:
            rows = "OLD TABLE AS changed" if event == "DELETE" else "NEW TABLE AS changed"
            done.append(_trigger(f"touch_{event.lower()}", table, event, f"archive_touch_{table}", rows))
    # A video that goes into another session changes both.
    left = ("touch_left", "clips_originalfile", "UPDATE", "archive_touch_clips_originalfile", "OLD TABLE AS changed")
    done.append(_trigger(*left))
    for table, query in COMPARED.items():
        done.append(_function(f"archive_touch_if_{table}", query))
        rows = "OLD TABLE AS before NEW TABLE AS changed"
        done.append(_trigger("touch_compared", table, "UPDATE", f"archive_touch_if_{table}", rows))
    return done


def _off() -> list[str]:
    names = [f"archive_touch_{table}" for table in TABLES] + [f"archive_touch_if_{table}" for table in COMPARED]
    return [f"DROP FUNCTION {name}() CASCADE" for name in names]


#: What is there already is described once.
ALL = ["INSERT INTO clips_archivetouch (shoot_id) SELECT id FROM clips_shoot UNION ALL SELECT NULL"]


class Migration(migrations.Migration):
    dependencies = [("clips", "0058_archive_truth"), ("people", "0011_member_rider"), ("tricks", "0005_labels")]

    operations = [
        migrations.RunSQL(_on(), _off()),
        migrations.RunSQL(ALL, migrations.RunSQL.noop),
    ]
