"""Empties the tables that a test with transactions of its own filled, and no others.

Django's own way makes the files of all hundred tables and their indexes anew, and then the rows of content types and
permissions, which no test changes: together more work than most such tests. What a test left in other tables goes here,
too, by whomever it was written.
"""

from django.apps import apps
from django.core.management import call_command
from django.db import ProgrammingError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

#: What a migrated database begins with.
FIRST_ROWS = ("django_content_type", "auth_permission")
FILLED = """
    SELECT quote_ident(relname), pg_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relname = ANY(%s) AND pg_table_is_visible(oid) AND pg_relation_size(oid) > 0
"""
#: From here on a table's file is replaced: rows that are only deleted stay in it for a while.
LARGE_BYTES = 1024**2


def empty_after(case: TransactionTestCase) -> None:
    """Have no rows but the first ones, as ``TransactionTestCase._fixture_teardown`` does."""
    for name in case._databases_names(include_mirrors=False):
        try:
            empty(connections[name])
        except ProgrammingError:  # only a superuser may delete without triggers, and a test may have changed tables
            call_command("flush", verbosity=0, interactive=False, database=name, reset_sequences=False)


def empty(connection: BaseDatabaseWrapper) -> None:
    """Delete all rows of all tables but the first ones.

    Triggers stay out, those of foreign keys as well: all of it goes, and the audit trail refuses deletions.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
        cursor.execute(FILLED, [sorted(tables.difference(FIRST_ROWS))])
        filled = cursor.fetchall()
        if deleted := [name for name, n_bytes in filled if n_bytes < LARGE_BYTES]:
            cursor.execute(";".join(f"DELETE FROM {name}" for name in deleted))  # noqa: S608 - quoted
        if replaced := [name for name, n_bytes in filled if n_bytes >= LARGE_BYTES]:
            cursor.execute(f"TRUNCATE {', '.join(replaced)} CASCADE")
