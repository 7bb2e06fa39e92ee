"""The second factor: six-digit codes that a phone app makes from a key and the time, and recovery codes.

The codes are those of RFC 6238, computed by django-otp. The rows are our own: its own rows store the recovery codes and
the key unencrypted, and a code that is sent twice at once counts twice.
"""

import base64
import hmac
import secrets
import time

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.oath import hotp

from people import sealed
from people.models.member import Member, hash_secret

STEP_S = 30
#: A phone's clock may be off by a step, and typing takes a while.
STEPS_AROUND = (0, -1, 1)
KEY_BYTES = 20
N_RECOVERY_CODES = 10
PURPOSE = "second factor"


class SecondFactorQuerySet(models.QuerySet):
    def confirmed(self) -> "SecondFactorQuerySet":
        return self.exclude(confirmed_at=None)

    def begin(self, member: Member) -> "SecondFactor":
        """Create a key that counts once a code from it was entered; an unconfirmed one is replaced."""
        self.filter(member=member, confirmed_at=None).delete()
        sealed_key = sealed.seal(base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode(), PURPOSE)
        return self.create(member=member, sealed_key=sealed_key)

    @transaction.atomic
    def drop(self, member: Member) -> bool:
        """Turn the second factor off; False if it is off already."""
        RecoveryCode.objects.filter(member=member).delete()
        n_rows, _by_table = self.filter(member=member).delete()
        return bool(n_rows)


class SecondFactor(models.Model):
    member = models.OneToOneField(
        Member, on_delete=models.CASCADE, related_name="second_factor", verbose_name=_("member")
    )
    sealed_key = models.CharField(max_length=250, editable=False)
    #: The step of the last code that was accepted: none counts again, nor one before it.
    last_step = models.BigIntegerField(default=0, editable=False)
    confirmed_at = models.DateTimeField(_("on since"), null=True, editable=False)

    objects = SecondFactorQuerySet.as_manager()

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        return str(self.member)

    @property
    def key(self) -> str:
        """The key in Base32 as apps take it. SealedError if SECRET_KEY has changed since."""
        return sealed.unseal(self.sealed_key, PURPOSE)

    def accepts(self, code: str) -> bool:
        """Use up a code of the app; False if it is wrong, expired or used."""
        if not (code.isascii() and code.isdigit() and len(code) == 6):
            return False
        key, now = base64.b32decode(self.key), int(time.time()) // STEP_S
        for step in (now + around for around in STEPS_AROUND):
            if hmac.compare_digest(f"{hotp(key, step):06d}", code):
                unused = SecondFactor.objects.filter(pk=self.pk, last_step__lt=step)
                return bool(unused.update(last_step=step))
        return False

    @transaction.atomic
    def confirm(self, code: str) -> list[str] | None:
        """Turn the factor on with a first code; return the recovery codes, shown only here, or None."""
        if not self.accepts(code):
            return None
        SecondFactor.objects.filter(pk=self.pk).update(confirmed_at=timezone.now())
        return RecoveryCode.objects.issue(self.member)


class RecoveryCodeQuerySet(models.QuerySet):
    def unused(self) -> "RecoveryCodeQuerySet":
        return self.filter(used_at=None)

    @transaction.atomic
    def issue(self, member: Member) -> list[str]:
        """Create new codes, replacing all earlier ones."""
        self.filter(member=member).delete()
        codes = ["-".join(secrets.token_hex(2) for _group in range(4)) for _code in range(N_RECOVERY_CODES)]
        self.bulk_create(RecoveryCode(member=member, code_hash=hash_secret(code)) for code in codes)
        return codes

    def spend(self, member: Member, code: str) -> bool:
        """Use up a code; False if it is unknown or used."""
        typed = "".join(code.lower().replace("-", "").split())
        written = "-".join(typed[start : start + 4] for start in range(0, len(typed), 4))
        return bool(self.unused().filter(member=member, code_hash=hash_secret(written)).update(used_at=timezone.now()))


class RecoveryCode(models.Model):
    """A single-use code for a lost phone: 64 random bits, stored as a hash."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    objects = RecoveryCodeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "code_hash"], name="recovery_code_once")]

    def __str__(self) -> str:
        return str(self.member)


def opens(member: Member, code: str) -> bool:
    """Return whether a code of the app or a recovery code is right; it is used up then."""
    factor = SecondFactor.objects.confirmed().filter(member=member).first()
    if factor is None:
        return False
    typed = "".join(code.split())
    return factor.accepts(typed) if len(typed) == 6 else RecoveryCode.objects.spend(member, typed)
