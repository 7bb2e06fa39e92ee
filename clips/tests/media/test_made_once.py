"""Tests that a made-up video is the same whether it was just encoded or kept from a test before."""

from clips.tests.media.made_up import make_video, shown_numbers


def test_the_same_options_make_the_same_video_and_others_another(tmp_path):
    first = make_video(tmp_path / "first.mp4", frames=10, seed=7)
    again = make_video(tmp_path / "again.mp4", frames=10, seed=7)
    longer = make_video(tmp_path / "longer.mp4", frames=11, seed=7)
    other = make_video(tmp_path / "other.mp4", frames=10, seed=8)
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()
    assert shown_numbers(longer) == list(range(11))


def test_what_a_test_does_to_its_video_no_other_test_sees(tmp_path):
    make_video(tmp_path / "mine.mp4", frames=10, seed=9).write_bytes(b"damaged")
    assert shown_numbers(make_video(tmp_path / "theirs.mp4", frames=10, seed=9)) == list(range(10))


def test_another_ending_is_another_container(tmp_path):
    mp4 = make_video(tmp_path / "one.mp4", frames=10)
    mkv = make_video(tmp_path / "one.mkv", frames=10)
    assert mp4.read_bytes()[4:8] == b"ftyp"
    assert mkv.read_bytes()[:4] == b"\x1a\x45\xdf\xa3"
