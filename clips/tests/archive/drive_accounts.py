"""Google's token endpoint with a service account and with a person's consent (RFC 7523, 6749), for the test server."""

import base64
import hashlib
import secrets
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import jwt

from clips.tests.archive.drive_store import Account, DriveError

SERVICE_EMAIL = "archive@project.iam.gserviceaccount.com"
PERSON_EMAIL = "person@example.org"
CLIENT = {"client_id": "client.apps.googleusercontent.com", "client_secret": "client-secret"}


@cache
def _private_key() -> rsa.RSAPrivateKey:
    """Return one key for all tests, because making it takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Accounts:
    def __init__(self) -> None:
        self.service = Account(SERVICE_EMAIL, is_service=True)
        self.person = Account(PERSON_EMAIL)
        self.private_key = _private_key()
        self.refresh_tokens: set[str] = set()
        self.codes: dict[str, dict] = {}
        self.is_revoked = False
        #: What Google says where the clock of the asker is wrong; empty where it is right.
        self.says_of_clock = ""
        #: Whether the account may delete for good in a shared drive; a Content manager may not.
        self.is_manager = False
        self._access: dict[str, Account] = {}
        #: Codes for devices: what a person enters → what the device asks with, and whether it was entered.
        self.device_codes: dict[str, str] = {}
        self.entered: set[str] = set()

    def key(self, token_url: str) -> dict:
        """Return the content of a service account's key file."""
        pem = self.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        names = {"type": "service_account", "project_id": "project", "private_key_id": "key", "client_id": "1"}
        return names | {"client_email": SERVICE_EMAIL, "private_key": pem.decode(), "token_uri": token_url}

    def expire_tokens(self) -> None:
        self._access = {}

    def revoke(self) -> None:
        self.is_revoked = True
        self.expire_tokens()

    def of(self, authorization: str) -> Account:
        account = self._access.get(authorization.removeprefix("Bearer "))
        if account is None or self.is_revoked:
            raise DriveError(401, "authError", "Invalid Credentials")
        return account

    def token(self, asked: dict[str, str]) -> tuple[int, dict, dict]:
        if self.is_revoked:
            return 400, {}, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        if self.says_of_clock:
            return 400, {}, {"error": "invalid_grant", "error_description": self.says_of_clock}
        answers = {
            "urn:ietf:params:oauth:grant-type:jwt-bearer": self._of_service,
            "refresh_token": self._of_refresh,
            "authorization_code": self._of_code,
            "urn:ietf:params:oauth:grant-type:device_code": self._of_device,
        }
        answer = answers.get(asked.get("grant_type", ""))
        if answer is None:
            return 400, {}, {"error": "unsupported_grant_type"}
        return answer(asked)

    def consent(self, asked: dict[str, str], *, scope: str | None = None) -> str:
        """Return the code that Google would pass to a person's browser."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked | {"scope": asked["scope"] if scope is None else scope}
        return code

    def device(self, asked: dict[str, str]) -> tuple[int, dict, dict]:
        """Give a code for a device without a browser; Google allows it these scopes only (RFC 8628)."""
        if asked.get("client_id") != CLIENT["client_id"]:
            return 401, {}, {"error": "invalid_client", "error_description": "Invalid client type."}
        if asked.get("scope") != "https://www.googleapis.com/auth/drive.file":
            return 400, {}, {"error": "invalid_scope"}
        user_code, device_code = secrets.token_hex(4).upper(), secrets.token_urlsafe(24)
        self.device_codes[device_code] = user_code
        answer = {"device_code": device_code, "user_code": user_code, "expires_in": 1800, "interval": 5}
        return 200, {}, answer | {"verification_url": "https://www.google.com/device"}

    def give_back(self, asked: dict[str, str]) -> tuple[int, dict, dict]:
        self.refresh_tokens.discard(asked.get("token", ""))
        return 200, {}, {}

    def _of_service(self, asked: dict[str, str]) -> tuple[int, dict, dict]:
        public = self.private_key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        try:
            claims = jwt.decode(asked["assertion"], certs=public, verify=True, audience=None)
        except ValueError as error:
            return 400, {}, {"error": "invalid_grant", "error_description": str(error)}
        if claims["iss"] != SERVICE_EMAIL:
            return 400, {}, {"error": "invalid_grant", "error_description": "Invalid grant: account not found"}
        return self._give(self.service, claims["scope"])

    def _of_refresh(self, asked: dict[str, str]) -> tuple[int, dict, dict]:
        if CLIENT.items() - asked.items():
            return 401, {}, {"error": "invalid_client"}
        if asked.get("refresh_token") not in self.refresh_tokens:
            return 400, {}, {"error": "invalid_grant", "error_description": "Bad Request"}
        return self._give(self.person, "")

    def _of_code(self, asked: dict[str, str]) -> tuple[int, dict, dict]:
        consent = self.codes.pop(asked.get("code", ""), None)
        digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if CLIENT.items() - asked.items():
            return 401, {}, {"error": "invalid_client"}
        if (
            not consent
            or consent["code_challenge"] != challenge
            or consent["redirect_uri"] != asked.get("redirect_uri")
        ):
            return 400, {}, {"error": "invalid_grant", "error_description": "Bad Request"}
        status, headers, given = self._give(self.person, consent["scope"])
        refresh_token = secrets.token_urlsafe(32)
        self.refresh_tokens.add(refresh_token)
        return status, headers, given | {"refresh_token": refresh_token}

    def _of_device(self, asked: dict[str, str]) -> tuple[int, dict, dict]:
        user_code = self.device_codes.get(asked.get("device_code", ""))
        if CLIENT.items() - asked.items():
            return 401, {}, {"error": "invalid_client"}
        if user_code is None:
            return 400, {}, {"error": "expired_token"}
        if user_code not in self.entered:
            return 428, {}, {"error": "authorization_pending", "error_description": "Precondition Required"}
        del self.device_codes[asked["device_code"]]
        status, headers, given = self._give(self.person, "https://www.googleapis.com/auth/drive.file")
        refresh_token = secrets.token_urlsafe(32)
        self.refresh_tokens.add(refresh_token)
        return status, headers, given | {"refresh_token": refresh_token}

    def _give(self, account: Account, scope: str) -> tuple[int, dict, dict]:
        token = secrets.token_urlsafe(24)
        self._access[token] = account
        return 200, {}, {"access_token": token, "expires_in": 3599, "token_type": "Bearer", "scope": scope}
