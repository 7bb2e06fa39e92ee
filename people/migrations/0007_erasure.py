"""Lets a member be erased: when it happened, and the one change of the audit trail that this needs."""

from django.db import migrations, models

ERASING_ONLY = """
CREATE FUNCTION people_is_erased(kind text, row_id text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE kind
        WHEN 'people.member' THEN EXISTS (
            SELECT 1 FROM people_member WHERE id::text = row_id AND erased_at IS NOT NULL)
        WHEN 'people.person' THEN NOT EXISTS (SELECT 1 FROM people_person WHERE id::text = row_id)
        ELSE false
    END
$$;
CREATE OR REPLACE FUNCTION people_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    mutable CONSTANT text[] := ARRAY['actor_name', 'address', 'target_name', 'details'];
BEGIN
    IF TG_OP = 'UPDATE' AND NEW IS DISTINCT FROM OLD
        AND to_jsonb(NEW) - mutable = to_jsonb(OLD) - mutable
        AND ((NEW.actor_name, NEW.address) IS NOT DISTINCT FROM (OLD.actor_name, OLD.address)
            OR (NEW.actor_name = 'former member' AND NEW.address IS NULL AND people_is_erased('people.member', OLD.actor_id::text)))
        AND ((NEW.target_name, NEW.details) IS NOT DISTINCT FROM (OLD.target_name, OLD.details)
            OR (NEW.target_name IN ('former member', 'former rider') AND NEW.details = '{}'::jsonb
                AND people_is_erased(OLD.target_type, OLD.target_id)))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only';
END $$;
"""
NOTHING = """
CREATE OR REPLACE FUNCTION people_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only';
END $$;
DROP FUNCTION people_is_erased(text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0006_labels")]

    operations = [
        migrations.AddField(
            "member", "erased_at", models.DateTimeField(editable=False, null=True, verbose_name="erased")
        ),
        migrations.RunSQL(ERASING_ONLY, NOTHING),
    ]
