"""Tests a film of an edit that cuts between angles by the numbers in its pictures."""

import uuid

import av
import pytest

from clips.reels import rendering
from clips.reels.rendering import RenderWish
from clips.tests.media.grey import luma_of
from clips.tests.media.made_up import frame_number
from clips.tests.reels.test_multicam import RATE, both  # noqa: F401 - fixture

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_a_film_cuts_where_the_other_camera_goes_on_and_fades_nothing(both, sorter, work_off, own_data_dir):  # noqa: F811
    wish = RenderWish(is_faded=True, has_names=False)
    film = rendering.ask_for(both.reel, wish, member=sorter, key=uuid.uuid4())
    work_off()
    film.refresh_from_db()
    with av.open(str(own_data_dir / film.stored_path)) as container:
        assert container.streams.video[0].average_rate == RATE
        pictures = [luma_of(frame) for frame in container.decode(video=0)]
    numbers = [frame_number(picture[::6, ::6]) for picture in pictures]  # drawn in 320 pixels, shown in 1920
    of_helmet, of_phone = list(range(60, 121)), [number for number in range(46, 74) for _twice in range(2)]
    assert numbers == of_helmet + of_phone
