"""Tests every route of the URL conf against every role; a route without a row here fails."""

import uuid
from functools import partial

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from clips.models import ChannelKind, Job, JobKind, NoticeChannel, Receipt, Reel
from clips.tests.factories import ten_minutes
from people.access import PROGRAM_PATHS
from people.language import API_PAGE
from people.models import ApiToken, Member, Person, Role
from tricks.models import Trick
from trickyclip.tests.security_headers import HSTS_S, faults

EVERYONE = None
VIEWER, SORTER, CURATOR, ADMIN = Role

#: Route name, its arguments, and the least role for each method that it answers.
ROUTES = {
    "home": ([], {"get": VIEWER}),
    "manifest": ([], {"get": EVERYONE, "head": EVERYONE}),
    "service_worker": ([], {"get": EVERYONE, "head": EVERYONE}),
    "offline": ([], {"get": EVERYONE, "head": EVERYONE}),
    "too_large": (["nothing"], {"get": EVERYONE, "head": EVERYONE}),
    "stylesheet": (["nothing"], {"get": EVERYONE, "head": EVERYONE}),
    "favicon": ([], {"get": EVERYONE, "head": EVERYONE}),
    "healthz": ([], {"get": EVERYONE}),
    "readyz": ([], {"get": EVERYONE}),
    "metrics": ([], {"get": EVERYONE}),
    "people:login": ([], {"get": EVERYONE, "post": EVERYONE}),
    "admin_password": ([], {"get": VIEWER}),
    "people:login_code": ([], {"get": EVERYONE, "post": EVERYONE}),
    "people:logout": ([], {"post": VIEWER}),
    "people:logout_everywhere": ([], {"post": VIEWER}),
    "people:theme_choose": ([], {"post": VIEWER}),
    "people:language_choose": ([], {"post": VIEWER}),
    "people:leave": ([], {"post": VIEWER}),
    "people:second_factor": ([], {"get": VIEWER}),
    "people:second_factor_begin": ([], {"post": VIEWER}),
    "people:second_factor_confirm": ([], {"post": VIEWER}),
    "people:second_factor_codes": ([], {"post": VIEWER}),
    "people:second_factor_off": ([], {"post": VIEWER}),
    "people:join": (["no-such-secret"], {"get": EVERYONE, "post": EVERYONE}),
    "people:pick": ([], {"get": VIEWER}),
    "tricks:pick": ([], {"get": VIEWER}),
    "people:account": ([], {"get": VIEWER}),
    "people:password_change": ([], {"post": VIEWER}),
    "people:token_create": ([], {"post": VIEWER}),
    "people:token_revoke": (["token"], {"post": VIEWER}),
    "people:members": ([], {"get": ADMIN}),
    "people:invite_create": ([], {"post": ADMIN}),
    "people:invite_revoke": (["invite"], {"post": ADMIN}),
    "people:member_link": (["uuid"], {"post": ADMIN}),
    "people:member_role": (["uuid"], {"post": ADMIN}),
    "people:member_remove": (["uuid"], {"post": ADMIN}),
    "people:member_let_back_in": (["uuid"], {"post": ADMIN}),
    "clips:manage": ([], {"get": CURATOR}),
    "clips:storage": ([], {"get": CURATOR}),
    "clips:learned": ([], {"get": CURATOR}),
    "clips:learned_change": (["layer", "act"], {"post": CURATOR}),
    "clips:notices": ([], {"get": ADMIN, "head": ADMIN, "post": ADMIN}),
    "clips:notice_channel": (["channel"], {"get": ADMIN, "head": ADMIN, "post": ADMIN}),
    "clips:notice_remove": (["invite"], {"post": ADMIN}),
    "clips:notice_trial": (["invite"], {"post": ADMIN}),
    "people:audit_trail": ([], {"get": ADMIN}),
    "clips:cameras": ([], {"get": CURATOR}),
    "clips:camera_name": ([], {"post": CURATOR}),
    "clips:clock_correct": ([], {"get": CURATOR, "head": CURATOR, "post": CURATOR}),
    "clips:clock_undo": (["invite"], {"post": CURATOR}),
    "people:riders": ([], {"get": CURATOR}),
    "people:rider_add": ([], {"post": CURATOR}),
    "people:rider_merge_undo": (["invite"], {"post": CURATOR}),
    "people:rider": (["person"], {"get": CURATOR}),
    "people:rider_rename": (["person"], {"post": CURATOR}),
    "people:rider_rename_says": (["person"], {"get": CURATOR}),
    "people:rider_alias_add": (["person"], {"post": CURATOR}),
    "people:rider_alias_remove": (["person", "invite"], {"post": CURATOR}),
    "people:rider_merge": (["person"], {"get": CURATOR, "head": CURATOR, "post": CURATOR}),
    "tricks:tricks": ([], {"get": CURATOR}),
    "tricks:trick_add": ([], {"post": CURATOR}),
    "tricks:trick_merge_undo": (["invite"], {"post": CURATOR}),
    "tricks:trick": (["move"], {"get": CURATOR}),
    "tricks:trick_rename": (["move"], {"post": CURATOR}),
    "tricks:trick_rename_says": (["move"], {"get": CURATOR}),
    "tricks:trick_alias_add": (["move"], {"post": CURATOR}),
    "tricks:trick_alias_remove": (["move", "invite"], {"post": CURATOR}),
    "tricks:trick_merge": (["move"], {"get": CURATOR, "head": CURATOR, "post": CURATOR}),
    "people:rider_member": (["person"], {"post": CURATOR}),
    "people:rider_take_out": (["uuid"], {"post": CURATOR}),
    "people:settings": ([], {"get": ADMIN}),
    "people:settings_save": (["crew"], {"post": ADMIN}),
    "people:setting_reset": ([], {"post": ADMIN}),
    "clips:archive_question": ([], {"get": CURATOR, "post": CURATOR}),
    "clips:clip_archive_again": (["uuid"], {"post": CURATOR}),
    "clips:drive": ([], {"get": ADMIN}),
    "clips:drive_key": ([], {"post": ADMIN}),
    "clips:drive_connect": ([], {"get": ADMIN}),
    "clips:drive_code": ([], {"post": ADMIN}),
    "clips:drive_connected": ([], {"get": ADMIN}),
    "clips:drive_places": ([], {"get": ADMIN}),
    "clips:drive_folder": ([], {"post": ADMIN}),
    "clips:drive_test": ([], {"post": ADMIN}),
    "clips:drive_send_earlier": ([], {"post": ADMIN}),
    "clips:drive_disconnect": ([], {"post": ADMIN}),
    "clips:upload": ([], {"get": SORTER}),
    "clips:upload_recent": ([], {"get": SORTER}),
    "clips:upload_shared": ([], {"get": SORTER, "head": SORTER, "post": SORTER}),
    "clips:drive_folder_look": ([], {"post": CURATOR}),
    "clips:upload_known": ([], {"post": SORTER}),
    "clips:upload_anyway": (["uuid"], {"post": SORTER}),
    "clips:upload_dismiss": (["uuid"], {"post": SORTER}),
    "clips:receipts": ([], {"get": SORTER}),
    "clips:receipt": (["receipt"], {"get": SORTER}),
    "clips:receipt_json": (["receipt"], {"get": SORTER}),
    "clips:receipt_manifest": (["receipt"], {"get": SORTER}),
    "clips:receipt_new": ([], {"post": SORTER}),
    "clips:receipt_here": (["receipt"], {"post": SORTER}),
    "clips:tus_collection": ([], {"options": SORTER, "post": SORTER}),
    "clips:tus_resource": (["uuid"], {"options": SORTER, "head": SORTER, "patch": SORTER, "delete": SORTER}),
    "clips:segment_preview": (["uuid"], {"get": SORTER, "post": SORTER}),
    "clips:preview_file": (["uuid"], {"get": VIEWER, "head": VIEWER}),
    "clips:poster_file": (["uuid"], {"get": VIEWER, "head": VIEWER}),
    "clips:filmstrip_file": (["uuid"], {"get": VIEWER, "head": VIEWER}),
    "clips:filmstrip_cues": (["uuid"], {"get": VIEWER, "head": VIEWER}),
    "clips:clip_file": (["uuid"], {"get": VIEWER, "head": VIEWER}),
    "clips:clip_download": (["uuid"], {"get": VIEWER, "head": VIEWER}),
    "clips:clip_share": (["uuid"], {"post": SORTER}),
    "clips:clip_playable": (["uuid"], {"post": VIEWER}),
    "clips:shared_copy": (["uuid"], {"get": VIEWER}),
    "clips:shared_copy_link": (["uuid"], {"post": SORTER}),
    "clips:share_link_end": (["uuid"], {"post": SORTER}),
    "clips:shared_copy_file": (["uuid"], {"get": VIEWER, "head": VIEWER}),
    "clips:shared_copy_download": (["uuid"], {"get": VIEWER, "head": VIEWER}),
    "clips:shared": (["no-such-secret"], {"get": EVERYONE, "head": EVERYONE}),
    "clips:shared_video": (["no-such-secret"], {"get": EVERYONE, "head": EVERYONE}),
    "clips:shared_download": (["no-such-secret"], {"get": EVERYONE, "head": EVERYONE}),
    "clips:shared_picture": (["no-such-secret"], {"get": EVERYONE, "head": EVERYONE}),
    "clips:library": ([], {"get": VIEWER}),
    "clips:library_facet": (["facet"], {"get": VIEWER}),
    "clips:saved_view_save": ([], {"post": VIEWER}),
    "clips:saved_view_delete": (["uuid"], {"post": VIEWER}),
    "clips:library_download": ([], {"get": VIEWER}),
    "clips:library_zip": ([], {"get": VIEWER, "head": VIEWER, "post": VIEWER}),
    "clips:export_mine": ([], {"get": VIEWER, "head": VIEWER, "post": VIEWER}),
    "clips:export_crew": ([], {"get": ADMIN, "head": ADMIN, "post": ADMIN}),
    "clips:export_zip": (["uuid"], {"get": VIEWER, "head": VIEWER}),  # one's own, and the crew's as an admin
    "clips:clip": (["uuid"], {"get": VIEWER}),
    "clips:clip_edit": (["uuid"], {"get": SORTER, "post": SORTER}),
    "clips:clip_use_again": (["uuid"], {"post": SORTER}),
    "clips:clip_heart": (["uuid"], {"post": VIEWER}),
    "clips:clips_heart": ([], {"post": SORTER}),
    "clips:clip_stars": (["uuid"], {"post": SORTER}),
    "clips:clips_stars": ([], {"post": SORTER}),
    "clips:clips_bin": ([], {"post": SORTER}),
    "clips:clips_bin_plan": ([], {"post": SORTER}),
    "clips:clips_tag": ([], {"post": SORTER}),
    "clips:clips_tag_plan": ([], {"post": SORTER}),
    "clips:clips_move": ([], {"post": CURATOR}),
    "clips:clips_move_plan": ([], {"post": CURATOR}),
    "clips:bulk_change": (["uuid"], {"get": VIEWER}),
    "clips:bulk_undo": (["uuid"], {"post": SORTER}),
    "clips:reels": ([], {"get": VIEWER, "post": SORTER}),
    "clips:reel_pick": ([], {"get": SORTER}),
    "clips:reel_add": ([], {"post": SORTER}),
    "clips:reel_make": ([], {"post": SORTER}),
    "clips:reel_add_undo": (["uuid"], {"post": SORTER}),
    "clips:reel": (["reel"], {"get": VIEWER}),
    "clips:reel_body": (["reel"], {"get": VIEWER}),
    "clips:reel_clip": (["reel", "place"], {"get": VIEWER}),
    "clips:reel_playable": (["reel"], {"post": VIEWER}),
    "clips:reel_timeline": (["reel"], {"get": VIEWER}),
    "clips:clips_timeline": ([], {"post": VIEWER}),
    "clips:reel_handles": (["reel"], {"get": VIEWER, "post": VIEWER}),
    "clips:reel_lease": (["reel"], {"post": SORTER}),
    "clips:reel_lease_end": (["reel"], {"post": SORTER}),
    "clips:me": ([], {"get": VIEWER}),
    "clips:rider": (["uuid"], {"get": VIEWER}),
    "clips:rider_csv": (["uuid", "slug"], {"get": VIEWER}),
    "clips:trick": (["uuid"], {"get": VIEWER}),
    "clips:trick_csv": (["uuid", "slug"], {"get": VIEWER}),
    "clips:seasons": ([], {"get": VIEWER}),
    "clips:season": ([2024], {"get": VIEWER}),
    "clips:season_csv": ([2024, "slug"], {"get": VIEWER}),
    "clips:reel_draft": (["uuid"], {"post": SORTER}),
    "clips:reel_rename": (["reel"], {"post": SORTER}),
    "clips:reel_clip_move": (["reel", "place"], {"post": SORTER}),
    "clips:reel_clip_trim": (["reel", "place"], {"post": SORTER}),
    "clips:reel_clip_speed": (["reel", "place"], {"post": SORTER}),
    "clips:reel_clip_title": (["reel", "place"], {"post": SORTER}),
    "clips:reel_clip_sound": (["reel", "place"], {"post": SORTER}),
    "clips:reel_clip_crop": (["reel", "place"], {"post": SORTER}),
    "clips:reel_clip_camera": (["reel", "place"], {"post": SORTER}),
    "clips:reel_clip_cut": (["reel", "place"], {"post": SORTER}),
    "clips:reel_clip_remove": (["reel", "place"], {"post": SORTER}),
    "clips:reel_undo": (["reel", "uuid"], {"post": SORTER}),
    "clips:reel_redo": (["reel", "uuid"], {"post": SORTER}),
    "clips:reel_renders": (["reel"], {"get": VIEWER, "post": SORTER}),
    "clips:reel_render": (["reel", "film"], {"get": VIEWER}),
    "clips:reel_render_cancel": (["reel", "film"], {"post": SORTER}),
    "clips:reel_render_retry": (["reel", "film"], {"post": SORTER}),
    "clips:reel_render_delete": (["reel", "uuid"], {"post": SORTER}),
    "clips:reel_render_file": (["reel", "film"], {"get": VIEWER, "head": VIEWER}),
    "clips:reel_render_download": (["reel", "film"], {"get": VIEWER, "head": VIEWER}),
    "clips:reel_music": (["reel"], {"post": SORTER}),
    "clips:reel_music_remove": (["reel", "uuid"], {"post": SORTER}),
    "clips:collection_links": ([], {"get": SORTER}),
    "clips:clips_link": ([], {"post": SORTER}),
    "clips:links_of": (["edit", "reel"], {"get": SORTER, "post": SORTER}),
    "clips:collection_link_end": (["uuid"], {"post": SORTER}),
    "clips:shared_many": (["~none"], {"get": EVERYONE, "head": EVERYONE, "post": EVERYONE}),
    "clips:shared_many_picture": (["~none"], {"get": EVERYONE, "head": EVERYONE}),
    "clips:shared_many_zip": (["~none"], {"get": EVERYONE, "head": EVERYONE}),
    "clips:shared_many_clip": (["~none", "uuid"], {"get": EVERYONE, "head": EVERYONE}),
    "clips:shared_many_poster": (["~none", "uuid"], {"get": EVERYONE, "head": EVERYONE}),
    "clips:shared_many_download": (["~none", "uuid"], {"get": EVERYONE, "head": EVERYONE}),
    "clips:shared_many_comment": (["~none"], {"post": EVERYONE}),
    "clips:shared_many_react": (["~none"], {"post": EVERYONE}),
    "clips:shared_many_reactions": (["~none", "uuid"], {"get": EVERYONE, "head": EVERYONE}),
    "clips:shared_many_comment_delete": (["~none", "uuid"], {"post": EVERYONE}),
    "clips:comments": ([], {"get": VIEWER, "head": VIEWER}),
    "clips:talk_comment": (["edit", "reel"], {"post": VIEWER}),
    "clips:talk_react": (["edit", "reel"], {"post": VIEWER}),
    "clips:comment_delete": (["uuid"], {"post": VIEWER}),
    "clips:comment_let_through": (["uuid"], {"post": VIEWER}),
    "clips:shared_many_film_watch": (["~none", "uuid"], {"get": EVERYONE, "head": EVERYONE}),
    "clips:shared_many_film": (["~none", "uuid"], {"get": EVERYONE, "head": EVERYONE}),
    "clips:trashed": (["shoot"], {"get": SORTER}),
    "clips:session_move_all": (["shoot"], {"post": CURATOR}),  # and sorters, of a session that is all their own
    "clips:bin": ([], {"get": SORTER}),
    "clips:bin_ask": ([], {"get": SORTER}),
    "clips:bin_throw": ([], {"post": SORTER}),
    "clips:bin_restore": (["uuid"], {"post": SORTER}),
    "clips:bin_delete": (["uuid"], {"post": CURATOR}),
    "clips:moment": (["uuid"], {"get": VIEWER}),
    "clips:moment_restore": (["uuid"], {"post": SORTER}),
    "clips:failure_dismiss": ([], {"post": SORTER}),
    "clips:home_now": ([], {"get": VIEWER}),
    "clips:demo_start": ([], {"post": SORTER}),
    "clips:sessions": ([], {"get": VIEWER}),
    "clips:session": (["shoot"], {"get": VIEWER}),
    "clips:session_news": (["shoot"], {"get": VIEWER}),
    "clips:session_details": (["shoot"], {"get": VIEWER}),
    "clips:session_rename": (["shoot"], {"post": CURATOR}),
    "clips:session_cover": (["shoot"], {"get": SORTER, "post": SORTER}),
    "clips:session_rename_says": (["shoot"], {"get": CURATOR}),
    "clips:session_sensitivity": (["shoot"], {"post": SORTER}),
    "clips:session_trash_hidden": (["shoot"], {"post": SORTER}),
    "clips:session_move_videos": (["shoot"], {"get": CURATOR, "post": CURATOR}),
    "clips:session_redetect": (["shoot"], {"post": CURATOR}),
    "clips:session_filmstrips": (["shoot"], {"post": SORTER}),
    "clips:session_find_pairs": (["shoot"], {"post": CURATOR}),
    "clips:pair_confirm": (["uuid"], {"post": SORTER}),
    "clips:pair_take_apart": (["uuid"], {"post": SORTER}),
    "clips:pair_nudge": (["uuid"], {"post": SORTER}),
    "clips:pair_clock": (["uuid"], {"post": CURATOR}),
    "clips:pair_clock_undo": (["uuid"], {"post": CURATOR}),
    "clips:pair_undo": (["uuid"], {"post": SORTER}),
    "clips:session_trim": (["shoot"], {"get": CURATOR, "head": CURATOR, "post": CURATOR}),
    "clips:session_trim_undo": (["shoot"], {"post": CURATOR}),
    "clips:file_timeline": (["file"], {"get": VIEWER, "head": VIEWER}),
    "clips:raw_file": (["uuid"], {"get": VIEWER, "head": VIEWER}),
    "clips:raw_glance": (["uuid"], {"get": VIEWER, "head": VIEWER}),
    "clips:piece_list": (["file"], {"get": VIEWER, "head": VIEWER}),
    "clips:piece_file": (["file", "piece"], {"get": VIEWER, "head": VIEWER}),
    "clips:pieces_again": (["file"], {"post": VIEWER}),
    "clips:file_watch": (["file"], {"get": VIEWER, "head": VIEWER}),
    "clips:file_watch_line": (["file"], {"get": VIEWER, "head": VIEWER}),
    "clips:watch_add_moment": (["file"], {"post": SORTER}),
    "clips:file_redetect": (["file"], {"post": CURATOR}),
    "clips:file_aside": (["file"], {"post": SORTER}),
    "clips:file_take_back": (["file"], {"post": SORTER}),
    "clips:file_add_moment": (["file"], {"post": SORTER}),
    "clips:file_fetch": (["file"], {"get": SORTER, "post": SORTER}),
    "clips:file_not_needed": (["file"], {"post": CURATOR}),
    "clips:file_needed": (["file"], {"post": CURATOR}),
    "clips:curve": (["uuid"], {"get": VIEWER}),
    "clips:jobs": ([], {"get": SORTER}),
    "clips:jobs_live": ([], {"get": SORTER}),
    "clips:disk": ([], {"get": SORTER}),
    "clips:disk_make_room": ([], {"post": CURATOR}),
    "clips:audit": ([], {"get": SORTER}),
    "clips:audit_start": ([], {"post": CURATOR}),
    "clips:cause_retry": ([], {"post": CURATOR}),
    "clips:cause_cancel": ([], {"post": CURATOR}),
    "clips:kind_cancel": (["DETECT"], {"post": CURATOR}),
    "clips:group_jobs": (["file"], {"get": SORTER}),
    "clips:group_retry": (["file"], {"post": CURATOR}),
    "clips:group_cancel": (["file"], {"post": CURATOR}),
    "clips:job_row": (["job"], {"get": SORTER}),
    "clips:job_retry": (["job"], {"post": CURATOR}),
    "clips:job_cancel": (["job"], {"post": CURATOR}),
    "clips:sort": ([], {"get": SORTER}),
    "clips:sort_hand": ([], {"post": SORTER}),
    "clips:sort_keep": ([], {"post": SORTER}),
    "clips:sort_trash": ([], {"post": SORTER}),
    "clips:sort_skip": ([], {"post": SORTER}),
    "clips:sort_aside": ([], {"post": SORTER}),
    "clips:sort_split": ([], {"post": SORTER}),
    "clips:sort_add": ([], {"post": SORTER}),
    "clips:sort_undo": ([], {"post": SORTER}),
    "clips:board": ([], {"get": VIEWER}),
    "clips:board_show": ([], {"post": SORTER}),
    "clips:sort_past": ([], {"get": SORTER}),
    "clips:sort_release": ([], {"post": SORTER}),
    "api:upload_list": ([], {"get": SORTER, "post": SORTER}),
    "api:upload": (["uuid"], {"get": SORTER}),
    "api:sort_next": ([], {"post": SORTER}),
    "api:sort_save": ([], {"post": SORTER}),
    "api:sort_trash": ([], {"post": SORTER}),
    "api:sort_skip": ([], {"post": SORTER}),
    "api:sort_aside": ([], {"post": SORTER}),
    "api:sort_undo": ([], {"post": SORTER}),
    "api:sort_release": ([], {"post": SORTER}),
    "api:clip_list": ([], {"get": VIEWER}),
    "api:clip": (["uuid"], {"get": VIEWER, "delete": SORTER}),
    "api:video": (["uuid"], {"delete": SORTER}),
    "api:session": (["uuid"], {"delete": SORTER}),
    "api:bin_list": ([], {"get": SORTER}),
    "api:bin_entry": (["uuid"], {"delete": CURATOR}),
    "api:bin_restore": (["uuid"], {"post": SORTER}),
    "api:clip_edit": (["uuid"], {"post": SORTER}),
    "api:clip_heart": (["uuid"], {"post": VIEWER}),
    "api:clip_stars": (["uuid"], {"post": SORTER}),
    "api:pair_list": (["shoot"], {"get": VIEWER}),
    "api:pair_confirm": (["uuid"], {"post": SORTER}),
    "api:pair_take_apart": (["uuid"], {"post": SORTER}),
    "api:pair_nudge": (["uuid"], {"post": SORTER}),
    "api:pair_undo": (["uuid"], {"post": SORTER}),
    "api:clip_comments": (["uuid"], {"get": VIEWER, "post": VIEWER}),
    "api:clip_reactions": (["uuid"], {"get": VIEWER, "post": VIEWER}),
    "api:reel_comments": (["reel"], {"get": VIEWER, "post": VIEWER}),
    "api:reel_reactions": (["reel"], {"get": VIEWER, "post": VIEWER}),
    "api:comment": (["uuid"], {"delete": VIEWER}),
    "api:comment_show": (["uuid"], {"post": VIEWER}),
    "api:clip_bulk": ([], {"post": SORTER}),
    "api:bulk": (["uuid"], {"get": VIEWER}),
    "api:reel_list": ([], {"get": VIEWER}),
    "api:reel_add": ([], {"post": SORTER}),
    "api:reel_add_undo": (["uuid"], {"post": SORTER}),
    "api:reel": (["uuid"], {"get": VIEWER, "delete": SORTER}),
    "api:bulk_undo": (["uuid"], {"post": SORTER}),
    "api:person_list": ([], {"get": VIEWER, "post": SORTER}),
    "api:trick_list": ([], {"get": VIEWER, "post": SORTER}),
    "api:job_list": ([], {"get": SORTER}),
    "api:job_retry": (["job"], {"post": CURATOR}),
    "api:job_cancel": (["job"], {"post": CURATOR}),
    "api:schema": ([], {"get": VIEWER}),
    "api:docs": ([], {"get": VIEWER}),
    "api:nowhere": (["no-such-secret"], {"get": VIEWER, "post": VIEWER, "delete": VIEWER}),
    "admin:index": ([], {"get": CURATOR}),
}
#: Django's own pages: one rule for all of them (people.access), one row above to show it.
COVERED_BY_THEIR_INDEX = ("admin",)


def named_routes(resolver: URLResolver | None = None, namespace: str = "") -> set[str]:
    """Return the name of every route, with its namespace."""
    names = set()
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            names.add(f"{namespace}{entry.name}")
        elif entry.namespace not in COVERED_BY_THEIR_INDEX:
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            names |= named_routes(entry, inner)
    return names


def test_every_route_has_a_rule_here():
    assert named_routes() | {"admin:index"} == set(ROUTES)


@pytest.fixture(scope="module")
def sessions(rows_once) -> dict[Role, str]:
    """Return the keys of sessions in which a member of each role is logged in."""
    keys = {}
    with rows_once():
        for role in Role:
            client = Client()
            client.force_login(Member.objects.create_user(f"one-{role.lower()}", role=role))
            keys[role] = client.session.session_key
    return keys


@pytest.fixture(scope="module")
def argument(rows_once, sessions):
    """Give real rows for routes that name one."""
    with rows_once():
        viewer = Member.objects.get(role=VIEWER)
        original = ten_minutes()
        reel = Reel.objects.create(name="December", made_by=viewer, made_by_name=viewer.username)
        made = {
            "uuid": uuid.uuid4(),
            "job": Job.objects.for_target(JobKind.DETECT, original).pk,
            "shoot": original.shoot_id,
            "file": original.pk,
            "DETECT": "DETECT",
            "piece": 10**9,
            "facet": "trick",
            "receipt": Receipt.objects.create(name="card", source="COMMAND").pk,
            "reel": reel.pk,
            "place": reel.clips.create(position=1, lineage=uuid.uuid4()).pk,
            "film": reel.renders.create(shape="WIDE", shorter_px=1080, rate="30").pk,
            "crew": "crew",
            "channel": NoticeChannel.objects.create(name="chat", kind=ChannelKind.DISCORD).pk,
            "person": Person.objects.add("Mia Berg").pk,
            "move": Trick.objects.add("KFED").pk,
            "invite": 0,
            "token": ApiToken.objects.issue(viewer, "script")[0].pk,
            "no-such-secret": "no-such-secret",
            "nothing": "nothing",
            "~none": "~none",
            "edit": "edit",
            "slug": "slug",
            "layer": 9,
            "act": "pause",
            2024: 2024,
        }
    return made.__getitem__


def use(client: Client, session_key: str) -> None:
    """Have a client be in a session, and know nothing of an earlier one."""
    client.cookies.clear()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = session_key


CALLS = [(name, method) for name, (_arguments, methods) in ROUTES.items() for method in methods]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "method"), CALLS)
def test_each_route_lets_in_exactly_who_may_and_says_all_headers(
    client, db, settings, sessions, argument, name, method
):
    """Asks over HTTPS, as all security headers are said there: to strangers and to admins as well."""
    settings.SECURE_HSTS_SECONDS = HSTS_S
    arguments, methods = ROUTES[name]
    least = methods[method]
    path = reverse(name, args=[argument(kind) for kind in arguments])
    call = partial(getattr(client, method), path, secure=True)

    answer = call()
    assert faults(answer) == [], "to a stranger"
    if least is EVERYONE:
        assert answer.status_code not in {401, 403}
        assert answer.headers.get("Location", "/login") == "/login"
    elif path.startswith(PROGRAM_PATHS) and path != API_PAGE:
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
    else:
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login?next=/")

    for role, session_key in sessions.items():
        use(client, session_key)
        answer = call()
        status = answer.status_code
        assert role is not ADMIN or faults(answer) == [], "to an admin"
        if least is EVERYONE or role.includes(least):
            assert status not in {401, 403, 405}, (role, status)
        else:
            assert status == 403, (role, status)


def test_a_view_without_a_rule_is_for_admins_only(rf, sorter, admin):
    from people.access import AccessMiddleware

    request = rf.get("/")
    request.resolver_match = get_resolver().resolve("/healthz")
    middleware = AccessMiddleware(lambda _request: None)
    view = lambda _request: None  # noqa: E731
    request.user = admin
    assert middleware.process_view(request, view, (), {}) is None
    request.user = sorter
    with pytest.raises(Exception, match="role"):
        middleware.process_view(request, view, (), {})


def test_a_token_speaks_for_its_member_and_ends_with_them(client, sorter):
    token, secret = ApiToken.objects.issue(sorter, "script")
    bearer = {"Authorization": f"Bearer {secret}"}
    assert client.get(reverse("api:job_list"), headers=bearer).status_code == 200
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert secret not in token.secret_hash
    sorter.remove()
    assert client.get(reverse("api:job_list"), headers=bearer).status_code == 401


def test_a_wrong_token_is_refused_also_beside_a_good_session(client, sorter):
    client.force_login(sorter)
    answer = client.get(reverse("api:job_list"), headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401


#: A phone shares there, without a token; it only says to open another page (clips/ingest/views.py).
WRITES_NOTHING = {"clips:upload_shared"}
READS = {"get", "head", "options"}
WRITES = [(name, method) for name, method in CALLS if method not in READS and name not in WRITES_NOTHING]


@pytest.mark.parametrize(("name", "method"), WRITES)
def test_no_route_is_written_to_by_a_cookie_alone(db, sessions, argument, name, method):
    client = Client(enforce_csrf_checks=True)
    use(client, sessions[ADMIN])
    path = reverse(name, args=[argument(kind) for kind in ROUTES[name][0]])
    assert getattr(client, method)(path).status_code == 403


#: All the ways by which frameworks let a request say that it is another one.
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method")
WRITING = ("POST", "PUT", "PATCH", "DELETE")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ROUTES if name != "admin:index"])
def test_no_override_makes_a_write_of_a_read(db, sessions, argument, name):
    """A cookie goes with each request that another site lets the browser make; a CSRF token does not.

    So each route is asked by a cookie alone to be a method that writes, in turn: the answer stays what it is without.
    The routes of tus, whose protocol knows the first of these headers, are asked to be each of them.
    """
    client = Client(enforce_csrf_checks=True)
    use(client, sessions[ADMIN])
    path = reverse(name, args=[argument(kind) for kind in ROUTES[name][0]])
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Offset": "0"}
    for turn, asked_as in enumerate(("GET", "HEAD", "OPTIONS", "TRACE", "POST"), start=list(ROUTES).index(name)):
        plain = client.generic(asked_as, path, headers=tus).status_code
        for override in WRITING if "tus" in name else [WRITING[turn % len(WRITING)]]:
            headers = tus | dict.fromkeys(OVERRIDES, override)
            with CaptureQueriesContext(connection) as asked:
                answer = client.generic(asked_as, f"{path}?_method={override}", headers=headers)
            assert answer.status_code == plain, (asked_as, override)
            assert [q["sql"] for q in asked if q["sql"].startswith(("INSERT", "DELETE"))] == [], (asked_as, override)


def test_a_token_needs_no_csrf(sorter):
    _token, secret = ApiToken.objects.issue(sorter, "script")
    client = Client(enforce_csrf_checks=True)
    bearer = {"Authorization": f"Bearer {secret}"}
    answer = client.post(reverse("api:sort_next"), {}, content_type="application/json", headers=bearer)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "home",
        "people:login",
        "clips:sessions",
        "clips:upload",
        "clips:jobs",
        "people:account",
        "admin:index",
        "api:docs",
    ],
)
def test_pages_forbid_inline_scripts_and_other_hosts(client, admin, name):
    client.force_login(admin)
    policy = client.get(reverse(name), follow=True)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_readyz_asked_through_a_proxy_wants_a_login(client, viewer):
    outside = {"X-Forwarded-For": "203.0.113.7"}
    assert client.get(reverse("readyz"), headers=outside).status_code == 401
    client.force_login(viewer)
    assert client.get(reverse("readyz"), headers=outside).status_code == 200
