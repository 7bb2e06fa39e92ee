"""Triggers note of which session a kept part came or went, so that its file in the archive is written again."""

from django.db import migrations

QUERY = "SELECT DISTINCT f.shoot_id FROM changed c JOIN clips_originalfile f ON f.id = c.original_file_id"
FUNCTION = "archive_touch_clips_keptpart"
ON = [
    f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"INSERT INTO clips_archivetouch (shoot_id) {QUERY}; RETURN NULL; END $$",
    "CREATE TRIGGER touch_insert AFTER INSERT ON clips_keptpart REFERENCING NEW TABLE AS changed "
    f"FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()",
    "CREATE TRIGGER touch_delete AFTER DELETE ON clips_keptpart REFERENCING OLD TABLE AS changed "
    f"FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()",
]


class Migration(migrations.Migration):
    dependencies = [("clips", "0087_trim_jobs")]

    operations = [migrations.RunSQL(ON, [f"DROP FUNCTION {FUNCTION}() CASCADE"])]
