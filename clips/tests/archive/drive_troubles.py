"""Injects faults between the site and Drive, scripted for one test or random from a seed for a long run."""

import random
import threading
from dataclasses import dataclass, replace

from clips.tests.archive.drive_store import DriveError

FULL_STORAGE = "The user's Drive storage quota has been exceeded."
SLOWER = "User Rate Limit Exceeded. Rate of requests for user exceed configured project quota."


@dataclass(frozen=True)
class Trouble:
    #: "refuse": an error instead of the work; "cut": the connection ends within the request's body;
    #: "lost": the work is done and the connection ends before the answer; "slow": the answer takes its time.
    kind: str
    error: DriveError | None = None
    #: Of a body that is cut, how much of it still arrives (0 to 1); of a slow answer, seconds.
    amount: float = 0.5


def refuse(status: int, reason: str = "", message: str = "", **more) -> Trouble:
    return Trouble("refuse", DriveError(status, reason or "backendError", message or reason or "Error", **more))


BY_NAME = {
    "500": refuse(500, "internalError", "Internal Error"),
    "503": refuse(503, "backendError", "Service unavailable. Please try again."),
    "429": refuse(429, "rateLimitExceeded", "Too many requests"),
    "rate": refuse(403, "rateLimitExceeded", "Rate Limit Exceeded"),
    "user rate": refuse(403, "userRateLimitExceeded", SLOWER),
    "sharing rate": refuse(403, "sharingRateLimitExceeded", "Sharing Rate Limit Exceeded"),
    "daily": refuse(403, "dailyLimitExceeded", "Daily Limit Exceeded"),
    "upload limit": refuse(403, "userRateLimitExceeded", "User rate limit exceeded."),
    "quota": refuse(403, "storageQuotaExceeded", FULL_STORAGE),
    "drive full": refuse(403, "teamDriveFileLimitExceeded", "The file limit for this shared drive has been exceeded."),
    "folder full": refuse(403, "numChildrenInNonRootLimitExceeded", "The limit for this folder's number of children."),
    "too many": refuse(403, "activeItemCreationLimitExceeded", "This account has exceeded the creation limit."),
    "too deep": refuse(403, "teamDriveHierarchyTooDeep", "The shared drive hierarchy depth will exceed the limit."),
    "downloaded": refuse(403, "downloadQuotaExceeded", "The download quota for this file has been exceeded."),
    "not ours": refuse(403, "appNotAuthorizedToFile", "The user has not granted the app write access to the file."),
    "permission": refuse(403, "insufficientFilePermissions", "The user does not have sufficient permissions."),
    "no api": refuse(403, "accessNotConfigured", "Google Drive API has not been used in project 1 before."),
    "401": refuse(401, "authError", "Invalid Credentials"),
    "cut": Trouble("cut"),
    "lost": Trouble("lost"),
    "slow": Trouble("slow", amount=0.3),
    "none": Trouble("none"),
}
PASSING = ("500", "503", "429", "rate", "user rate", "401", "cut", "lost", "slow")


class Troubles:
    """Decides for each request whether something goes wrong with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script: list[tuple[str, Trouble]] = []
        self._always: dict[str, Trouble] = {}
        self._chance: random.Random | None = None
        self._share = 0.0
        self.met: dict[str, int] = {}

    def once(self, request: str, *troubles: str | Trouble) -> None:
        """Apply these troubles to the next requests whose line begins so ("PUT /upload"), one each."""
        self._script += [(request, each if isinstance(each, Trouble) else BY_NAME[each]) for each in troubles]

    def always(self, request: str, trouble: str | Trouble) -> None:
        self._always[request] = trouble if isinstance(trouble, Trouble) else BY_NAME[trouble]

    def over(self) -> None:
        """End all troubles."""
        self._script, self._always, self._chance = [], {}, None

    def by_chance(self, share: float, seed: int) -> None:
        self._share, self._chance = share, random.Random(seed)  # noqa: S311

    def of(self, request: str) -> Trouble | None:
        with self._lock:
            for place, (begins, trouble) in enumerate(self._script):
                if request.startswith(begins):
                    del self._script[place]
                    return trouble
            for begins, trouble in self._always.items():
                if request.startswith(begins):
                    return trouble
            if self._chance is None or self._chance.random() >= self._share:
                return None
            name = self._chance.choice(PASSING)
            self.met[name] = self.met.get(name, 0) + 1
            amount = self._chance.random()
            return replace(BY_NAME[name], amount=amount * 0.3 if name == "slow" else amount)
