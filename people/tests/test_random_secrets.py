"""Tests links, tokens and recovery codes: too long to guess, unique, and stored as hashes."""

import base64

from clips.models import CollectionLink, SharedCopy, ShareLink
from clips.tests.integrity.test_audited import copy  # noqa: F401  a fixture
from people.models import ApiToken, Invite, RecoveryCode, Role
from people.models.member import hash_secret


def n_bits(secret: str) -> int:
    return 8 * len(base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4)))


def test_secrets_hold_as_many_random_bits_as_promised_and_are_kept_as_hashes(sorter, copy: SharedCopy):  # noqa: F811
    for n_promised, issue in (
        (256, lambda: Invite.objects.issue(role=Role.SORTER, created_by=None)),
        (256, lambda: ApiToken.objects.issue(sorter, "script")),
        (192, lambda: ShareLink.objects.issue(copy, sorter)),
        (192, lambda: CollectionLink.objects.issue(member=sorter, lineages=[copy.clip.lineage])),
    ):
        (row, one), (_row, other) = issue(), issue()
        assert n_bits(one.removeprefix("tc_").removeprefix("~")) == n_promised
        assert one != other
        row.refresh_from_db()
        assert one not in str(vars(row))
        assert row.secret_hash == hash_secret(one)


def test_ten_recovery_codes_hold_64_random_bits_each(sorter):
    codes, others = RecoveryCode.objects.issue(sorter), RecoveryCode.objects.issue(sorter)
    assert {4 * len(code.replace("-", "")) for code in codes} == {64}
    assert len({*codes, *others}) == 20
    assert RecoveryCode.objects.count() == 10
