"""Tests migrations of names: an old database is migrated without loss, and back."""

from collections.abc import Iterator

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

BEFORE = [("people", "0001_tables"), ("tricks", "0001_tables"), ("clips", "0001_tables")]


def migrate(targets: list[tuple[str, str]]):
    return MigrationExecutor(connection).migrate(targets).apps


@pytest.fixture
def old(django_db_setup, django_db_blocker) -> Iterator[Apps]:
    """The old models, in a database of their own: to migrate that of all tests back and forth again takes longer."""
    settings = connection.settings_dict
    name, own_name = settings["NAME"], f"{settings['NAME']}_names"
    with django_db_blocker.unblock():
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {own_name}")
        connection.close()
        settings["NAME"] = own_name
        try:
            yield migrate(BEFORE)
        finally:
            connection.close()
            settings["NAME"] = name
            with connection._nodb_cursor() as cursor:
                cursor.execute(f"DROP DATABASE {own_name} WITH (FORCE)")


def newest():
    executor = MigrationExecutor(connection)
    return executor.migrate(executor.loader.graph.leaf_nodes()).apps


@pytest.mark.slow
def test_names_that_read_as_the_same_all_stay_and_stances_go_back_to_where_they_were(old):
    people, tricks, shoots = (
        old.get_model(*name) for name in (("people", "Person"), ("tricks", "Trick"), ("clips", "Shoot"))
    )
    for number, name in enumerate(("Zo\u00eb", "Zoe\u0308", "Jo\u00a0 Smith", "Jo Smith", "Mia\u200b")):
        people.objects.create(display_name=name, slug=f"P{number}")
    for number, (direction, name) in enumerate(
        (("FS", "360"), ("", "frontside 360"), ("SW", "Backside 180"), ("NOLLIE", "Kickflip"), ("", "Cab 180"))
    ):
        tricks.objects.create(name=name, direction=direction, slug=f"T{number}", category="JUMP")
    for name in ("Night\u00a0Ride", "night ride"):
        shoots.objects.create(name=name, slug=f"S{len(name)}{name[5] == ' '}", date="2024-12-01")
    new = newest()
    found = set(new.get_model("people", "Person").objects.values_list("slug", "display_name"))
    assert found == {("P0", "Zoë"), ("P1", "Zoë (2)"), ("P2", "Jo Smith (2)"), ("P3", "Jo Smith"), ("P4", "Mia")}
    found = new.get_model("tricks", "Trick").objects.order_by("slug")
    assert list(found.values_list("slug", "stance", "direction", "name", "normal_name")) == [
        ("T0", "", "FS", "360", "fs 360"),
        ("T1", "", "", "frontside 360", "fs 360~2"),
        ("T2", "SW", "BS", "180", "sw bs 180"),
        ("T3", "NOLLIE", "", "Kickflip", "nollie kickflip"),
        ("T4", "CAB", "", "180", "cab 180"),
    ]
    assert new.get_model("clips", "Shoot").objects.count() == 2
    back = migrate(BEFORE).get_model("tricks", "Trick").objects.order_by("slug")
    assert list(back.values_list("slug", "direction", "name")) == [
        ("T0", "FS", "360"),
        ("T1", "", "frontside 360"),
        ("T2", "SW", "BS 180"),
        ("T3", "NOLLIE", "Kickflip"),
        ("T4", "", "Cab 180"),
    ]


@pytest.mark.django_db
def test_a_database_from_before_the_first_migrations_were_one_comes_along():
    """It has noted those that ``0001_tables`` replaces, each by its name, and takes that one for applied."""
    recorder = MigrationRecorder(connection)
    for app, name in BEFORE:
        recorder.record_unapplied(app, name)
        for replaced in MigrationExecutor(connection).loader.disk_migrations[app, name].replaces:
            recorder.record_applied(*replaced)
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    assert executor.migration_plan(leaves) == []
    executor.migrate(leaves)
    assert set(BEFORE) <= set(recorder.applied_migrations())
