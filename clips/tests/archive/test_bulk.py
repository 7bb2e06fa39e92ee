"""Tests changes of many archived clips in each kind of archive: files are moved, never sent again, and moved back."""

import uuid

import pytest

from clips.archive import renaming
from clips.library.bulk import TagChange, change_tags, progress_of
from clips.library.undoing import undo
from clips.models import FinalClip
from clips.tests.archive.test_renaming import Killed, after_a_kill, is_called
from clips.tests.archive.test_uploader import only_moves
from people.models import Member, Person

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def tag(clips: list[FinalClip], name: str, member: Member):
    change = TagChange(sets_people=True, people=(Person.objects.find_or_add(name),))
    return change_tags([clip.pk for clip in clips], change, member=member, key=uuid.uuid4())


def test_tagged_clips_are_moved_and_moved_back(backend, make_clip, archived, work_off, sorter):
    clips = [archived(make_clip()) for _number in range(3)]
    was = clips[0].person.slug
    with only_moves(backend):
        made = tag(clips, "Mia Berg", sorter)
        assert progress_of(made) is not None
        work_off()
        assert all(is_called(clip, "Mia_Berg") for clip in clips)
        assert progress_of(made) is None
        undo(made, member=sorter)
        work_off()
    assert all(is_called(clip, was) for clip in clips)


@pytest.mark.parametrize("moment", ["before the move", "after the move"])
def test_a_worker_killed_while_it_moves_and_an_undo_meanwhile(
    backend, make_clip, archived, work_off, sorter, monkeypatch, moment
):
    clips = [archived(make_clip()) for _number in range(2)]
    was, real = clips[0].person.slug, type(backend).move

    def killed(self, *args, **kwargs):
        if moment == "after the move":
            real(self, *args, **kwargs)
        raise Killed

    monkeypatch.setattr(type(backend), "move", killed)
    made = tag(clips, "Mia Berg", sorter)
    with pytest.raises(Killed):
        work_off()
    monkeypatch.setattr(type(backend), "move", real)
    undo(made, member=sorter)
    after_a_kill(work_off)
    assert all(is_called(clip, was) for clip in clips)


def test_a_worker_killed_between_two_clips_names_each_once(backend, make_clip, archived, work_off, sorter, monkeypatch):
    clips = [archived(make_clip()) for _number in range(3)]
    real, n_calls = renaming._rename, []

    def killed_at_the_second(clip):
        n_calls.append(clip)
        if len(n_calls) == 2:
            raise Killed
        real(clip)

    monkeypatch.setattr(renaming, "_rename", killed_at_the_second)
    tag(clips, "Mia Berg", sorter)
    with pytest.raises(Killed):
        work_off()
    after_a_kill(work_off)
    assert all(is_called(clip, "Mia_Berg") for clip in clips)
