"""All settings, each read from the environment or a ``.env`` file beside manage.py. docs/SETTINGS.md lists them."""

import gc
import logging
import os
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from clips.storage import addresses
from trickyclip.http.statics import version_of
from trickyclip.runtime import embedded, keepalive, timeouts
from trickyclip.runtime.environment import Environment
from trickyclip.schedule import beat_schedule

BASE_DIR = Path(__file__).resolve().parent.parent

# While a process starts nothing becomes garbage, and looking for it is a fifth of the work; trickyclip/apps.py ends it.
gc.disable()

env = Environment()  # X_FILE names a file that X is read from: secrets as containers and systemd give them
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

#: What is made is its owner's; where nginx sends the videos, its group may read too: trickyclip/runtime/folders.py.
MEDIA_ACCEL_PREFIX = env("MEDIA_ACCEL_PREFIX", default="")
UMASK = int(env("UMASK", default="027" if MEDIA_ACCEL_PREFIX else "077"), 8)
os.umask(UMASK)
FILE_UPLOAD_PERMISSIONS = 0o666 & ~UMASK
DATA_DIR = Path(env("DATA_DIR", default=str(BASE_DIR / "data"))).resolve()
DEBUG = env.bool("DEBUG", default=False)

# --- the two engines: named by address in production, embedded beside the app otherwise ---------------------------
_engines = embedded.addresses(DATA_DIR)
DATABASES = {"default": environ.Env.db_url_config(env("DATABASE_URL", default="") or _engines.database_url)}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
#: Which program this is; trickyclip/runtime/programs.py tells it.
SITE_PROGRAM = env("SITE_PROGRAM", default="")
DATABASE_LOCK_SECONDS = env.float("DATABASE_LOCK_SECONDS", default=timeouts.patience_of(SITE_PROGRAM).lock_s)
DATABASE_STATEMENT_SECONDS = env.float(
    "DATABASE_STATEMENT_SECONDS", default=timeouts.patience_of(SITE_PROGRAM).statement_s
)
_timeouts = timeouts.connection_options(lock_s=DATABASE_LOCK_SECONDS, statement_s=DATABASE_STATEMENT_SECONDS)
_options = DATABASES["default"].setdefault("OPTIONS", {})
_session = f"{keepalive.postgres_server_options()} {_timeouts}".strip()
# What the address says counts for more.
_options |= keepalive.postgres_options() | _options
_options["options"] = f"{_session} {_options.get('options', '')}".strip()
#: How many the web server's threads share (deploy/gunicorn.conf.py); no other program has so many threads.
DATABASE_CONNECTIONS = env.int("DATABASE_CONNECTIONS", default=0)
if DATABASE_CONNECTIONS:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    _options["pool"] = {
        "min_size": 1,
        "max_size": DATABASE_CONNECTIONS,
        "timeout": 5.0,
        "reconnect_timeout": 5.0,  # a database that comes back is found at the next request, not minutes later
        "num_workers": 1,
    }
REDIS_URL = env("REDIS_URL", default="") or _engines.redis_url

# --- who may ask, and how ------------------------------------------------------------------------------------------
SECRET_KEY = env("SECRET_KEY", default="") or embedded.secret_when_used(DATA_DIR, "secret_key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
AUTH_USER_MODEL = "people.Member"
# A member's name and password, unless they failed too often: people/throttle.py has the limits.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_HANDLER = "people.throttle.Handler"
AXES_FAILURE_LIMIT = 5  # the first of people.throttle.LIMITS
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address", "username"]
AXES_COOLOFF_TIME = timedelta(minutes=15)  # people.throttle.COOL_OFF
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_CALLABLE = "people.throttle.account_key"
AXES_CLIENT_IP_CALLABLE = "people.throttle.address_key"
AXES_LOCKOUT_CALLABLE = "people.throttle.locked_out"
AXES_DISABLE_ACCESS_LOG = True  # the audit trail has the logins
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SECOND_FACTOR_FOR_STAFF = env.bool("SECOND_FACTOR_FOR_STAFF", default=False)
#: Below these programs are told 401 and not sent to a login page, which would look like success to them.
PROGRAM_PATHS = ("/api/", "/upload/tus/")
LOGIN_URL = "people:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "people:login"
INVITE_DAYS = env.int("INVITE_DAYS", default=7)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

#: Whose word counts on who the client is and whether it came over HTTPS; a tunnel on this machine comes from here.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=["127.0.0.0/8", "::1"])
#: Cloudflare Access in front: tokens of this team, for this application, are asked of every request.
ACCESS_TEAM_URL = env("ACCESS_TEAM_URL", default="")
ACCESS_AUDIENCE = env("ACCESS_AUDIENCE", default="")
# Behind HTTPS everything is strict; a laptop on plain HTTP would lose its session cookie to the same rules.
HTTPS = env.bool("HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Django --------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "trickyclip.apps.TrickyClipAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "django_htmx",
    "csp",
    "axes",
    "trickyclip",
    "people",
    "tricks",
    "clips",
    "detection",
    *(["bench"] if (BASE_DIR / "bench").is_dir() else []),  # an image for production has no benchmarks
]
MIDDLEWARE = [
    "trickyclip.http.proxy.ProxyMiddleware",
    "trickyclip.http.request_id.RequestIdMiddleware",
    "trickyclip.http.headers.HeadersMiddleware",
    "clips.ingest.tus.VersionMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "people.language.LanguageMiddleware",
    "trickyclip.http.cloudflare_access.CloudflareAccessMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "people.access.AccessMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "trickyclip.shared.whole_pages.NoBlankPageMiddleware",
    "axes.middleware.AxesMiddleware",
    "trickyclip.http.busy.BusyMiddleware",
]
ROOT_URLCONF = "trickyclip.urls"
WSGI_APPLICATION = "trickyclip.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Where templates are being written, each page reads them anew; otherwise Django keeps what it has read.
_LOADERS = (
    {"loaders": ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]}
    if DEBUG
    else {}
)
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": not DEBUG,
        "OPTIONS": {
            **_LOADERS,
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "people.appearance.theme",
            ],
        },
    }
]
LANGUAGE_CODE = "en"
#: Each by its own name; a new one needs locale/CODE/ and trickyclip/formats/CODE/.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
#: Of notices, and of the names that the site gives by itself; each member chooses the language of their pages.
SITE_LANGUAGE = env("SITE_LANGUAGE", default="en")
if SITE_LANGUAGE not in dict(LANGUAGES):
    raise ImproperlyConfigured(f"SITE_LANGUAGE is “{SITE_LANGUAGE}”; use en or de.")
TIME_ZONE = env("TIME_ZONE", default="UTC")
USE_TZ = True
#: Dates in the admin as on the pages, instead of those of the United States.
FORMAT_MODULE_PATH = ["trickyclip.formats"]

# --- files: names inside a storage come from ids, never from what a person typed ------------------------------------
ORIGINALS_DIR = DATA_DIR / "originals"
FINAL_CLIPS_DIR = DATA_DIR / "final_clips"
UPLOADS_DIR = DATA_DIR / "uploads"
#: Watched for camera files; empty where nobody shall.
INCOMING_DIR = Path(path).resolve() if (path := env("INCOMING_DIR", default=str(DATA_DIR / "incoming"))) else None
SCRATCH_DIR = DATA_DIR / "scratch"
SCRATCH_MAX_BYTES = env.int("SCRATCH_MAX_BYTES", default=20 * 1024**3)
#: Which of several machines this is: the bytes of an unfinished upload are on one of them.
NODE = env("NODE", default="") or embedded.secret_when_used(DATA_DIR, "node", n_chars=12)
ARCHIVE_DIR = Path(env("ARCHIVE_DIR", default=str(DATA_DIR / "archive"))).resolve()
ARCHIVE_BACKEND = env("ARCHIVE_BACKEND", default="local")
DRIVE_FOLDER_ID = env("DRIVE_FOLDER_ID", default="")
DRIVE_DROP_FOLDER_ID = env("DRIVE_DROP_FOLDER_ID", default="")
DRIVE_SERVICE_ACCOUNT_FILE = env("DRIVE_SERVICE_ACCOUNT_FILE", default="")
DRIVE_SERVICE_ACCOUNT_KEY = env("DRIVE_SERVICE_ACCOUNT_KEY", default="")
DRIVE_OAUTH_CLIENT_ID = env("DRIVE_OAUTH_CLIENT_ID", default="")
DRIVE_OAUTH_CLIENT_SECRET = env("DRIVE_OAUTH_CLIENT_SECRET", default="")
DRIVE_CHUNK_BYTES = env.int("DRIVE_CHUNK_BYTES", default=8 * 1024**2)
DRIVE_BACK_OFF_SECONDS = env.float("DRIVE_BACK_OFF_SECONDS", default=1.0)
DRIVE_API_URL = env("DRIVE_API_URL", default="https://www.googleapis.com/")
DRIVE_CONSENT_URL = env("DRIVE_CONSENT_URL", default="https://accounts.google.com/o/oauth2/v2/auth")
DRIVE_TOKEN_URL = env("DRIVE_TOKEN_URL", default="https://oauth2.googleapis.com/token")
DRIVE_DEVICE_URL = env("DRIVE_DEVICE_URL", default="https://oauth2.googleapis.com/device/code")
DRIVE_REVOKE_URL = env("DRIVE_REVOKE_URL", default="https://oauth2.googleapis.com/revoke")
STATICFILES_DIRS = [BASE_DIR / "static"]
# With requirements.txt, because the admin's files and the API page's come from packages.
STATIC_URL = f"/static/{version_of([*STATICFILES_DIRS, BASE_DIR / 'requirements.txt'])}/"
STORAGE_URL = env("STORAGE_URL", default="")
BUCKET_OPTIONS = {
    # Without a key here the library looks where Amazon's own tools do: a file of credentials, the machine's own role.
    "s3": {
        "endpoint_url": env("S3_ENDPOINT_URL", default=""),
        "region_name": env("S3_REGION", default=""),
        "access_key": env("AWS_ACCESS_KEY_ID", default=""),
        "secret_key": env("AWS_SECRET_ACCESS_KEY", default=""),
    },
    "gs": {"credentials_file": env("GOOGLE_APPLICATION_CREDENTIALS", default="")},
}
STORAGES = {
    "originals": addresses.storage("ORIGINALS_URL", env("ORIGINALS_URL", default=STORAGE_URL), BUCKET_OPTIONS),
    "candidates": addresses.storage("CANDIDATES_URL", env("CANDIDATES_URL", default=STORAGE_URL), BUCKET_OPTIONS),
    "final_clips": addresses.storage("FINAL_CLIPS_URL", env("FINAL_CLIPS_URL", default=STORAGE_URL), BUCKET_OPTIONS),
    "default": addresses.LOCAL,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Serves straight from the source folders, so that a start needs no collecting step.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_IMMUTABLE_FILE_TEST = lambda _path, _url: not DEBUG  # noqa: E731 - WhiteNoise wants a function
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- uploads -------------------------------------------------------------------------------------------------------
UPLOAD_MAX_CHUNK_BYTES = 90_000_000  # Cloudflare refuses bodies over 100 MB
UPLOAD_CHUNK_BYTES = min(env.int("UPLOAD_CHUNK_BYTES", default=8 * 1024**2), UPLOAD_MAX_CHUNK_BYTES)
UPLOAD_MAX_FILE_BYTES = env.int("UPLOAD_MAX_FILE_BYTES", default=128 * 1024**3)
UPLOAD_STALL_SECONDS = env.int("UPLOAD_STALL_SECONDS", default=20)
UPLOAD_MIN_RATE = env.int("UPLOAD_MIN_RATE", default=1024)
#: In each web process; so many bodies may be on their way at once, and the next ones wait.
UPLOAD_THREADS = env.int("UPLOAD_THREADS", default=32)
#: In each web process: what one address may have open. A whole crew may sit behind one.
CLIENT_CONNECTIONS = env.int("CLIENT_CONNECTIONS", default=100)
UPLOAD_IDLE_DAYS = env.int("UPLOAD_IDLE_DAYS", default=7)
UPLOAD_QUOTA_BYTES = env.int("UPLOAD_QUOTA_BYTES", default=0)
INCOMING_REST_SECONDS = env.float("INCOMING_REST_SECONDS", default=10.0)
INCOMING_LOOK_SECONDS = env.float("INCOMING_LOOK_SECONDS", default=60.0)
#: A folder that got no file for so long is complete.
INCOMING_QUIET_SECONDS = env.float("INCOMING_QUIET_SECONDS", default=600.0)
INCOMING_DONE_DAYS = env.int("INCOMING_DONE_DAYS", default=7)
RECEIPT_WANTS_ARCHIVE = env.bool("RECEIPT_WANTS_ARCHIVE", default=False)
#: What was thrown away can be restored for so long.
BIN_DAYS = env.int("BIN_DAYS", default=30)
ARCHIVE_ORIGINALS = env("ARCHIVE_ORIGINALS", default="never")
if ARCHIVE_ORIGINALS not in {"never", "after_sorting", "at_once"}:
    raise ImproperlyConfigured(f"ARCHIVE_ORIGINALS is “{ARCHIVE_ORIGINALS}”; use never, after_sorting or at_once.")
#: Of a new session.
SENSITIVITY = env.int("SENSITIVITY", default=50)
LOOK_CLOSER = env.bool("LOOK_CLOSER", default=True)
DISK_FLOOR_BYTES = env.int("DISK_FLOOR_BYTES", default=5 * 1024**3)
#: How much space pieces of videos that browsers do not play may take.
PIECES_MAX_BYTES = env.int("PIECES_MAX_BYTES", default=2 * 1024**3)
SCRUB_DAYS = env.int("SCRUB_DAYS", default=30)
TRIM_ORIGINALS = env("TRIM_ORIGINALS", default="never")
if TRIM_ORIGINALS not in {"never", "after_sorting"}:
    raise ImproperlyConfigured(f"TRIM_ORIGINALS is “{TRIM_ORIGINALS}”; use never or after_sorting.")
TRIM_AFTER_DAYS = env.int("TRIM_AFTER_DAYS", default=30)
TRIM_HANDLE_S = env.int("TRIM_HANDLE_S", default=5)
SCRUB_BYTES_PER_S = env.int("SCRUB_BYTES_PER_S", default=20 * 1024**2)
CANDIDATES_MAX_BYTES = env.int("CANDIDATES_MAX_BYTES", default=8 * 1024**3)

# --- watching ------------------------------------------------------------------------------------------------------
METRICS_TOKEN = env("METRICS_TOKEN", default="")
RELEASE = env("RELEASE", default="")
SENTRY_DSN = env("SENTRY_DSN", default="")
#: Where people reach the site: what is written in notices leads there.
SITE_URL = env("SITE_URL", default="")
NOTICE_HOUR = env.int("NOTICE_HOUR", default=9)
NOTICE_PRIVATE_ADDRESSES = env.bool("NOTICE_PRIVATE_ADDRESSES", default=False)
EMAIL_FROM = env("EMAIL_FROM", default="")
_mail = env.email_url("EMAIL_URL", default="consolemail://")
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"] or "", _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"] or "", _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 15  # seconds

# --- jobs ----------------------------------------------------------------------------------------------------------
#: Queue: how many jobs at once. Detection and cutting each fill a core; what is left is short,
#: except for originals on their way into the archive and back, which leave one worker free for the rest.
WORKERS = {
    "detect": env.int("DETECT_WORKERS", default=1),
    "media": env.int("MEDIA_WORKERS", default=1),
    "light": env.int("LIGHT_WORKERS", default=3),
}
#: Workers touch it while they live; for the health checks of containers.
ALIVE_FILE = env("ALIVE_FILE", default="")
#: Where the jobs page sends admins for a closer look at workers and queues.
FLOWER_URL = env("FLOWER_URL", default="") or embedded.flower_url(DATA_DIR)
FLOWER_PASSWORD = env("FLOWER_PASSWORD", default="")
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", default=60)
SORT_LEASE_SECONDS = env.int("SORT_LEASE_SECONDS", default=180)
SWEEP_SECONDS = env.int("SWEEP_SECONDS", default=60)
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # KiB
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_TASK_SEND_SENT_EVENT = True
CELERY_TASK_TIME_LIMIT = 6 * 3600 + 300
CELERY_TASK_SOFT_TIME_LIMIT = 6 * 3600
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 2.0  # seconds a running job gets to finish when the site is stopped
CELERY_TASK_DEFAULT_QUEUE = "light"
# A page must not wait for a broker that is away: the sweep publishes again what was not published.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 7 * 3600,  # above the longest job, so that Redis never hands out a job twice by itself
    "socket_connect_timeout": 3,
    # One more try when publishing, then the page goes on; without these a page waits for four seconds.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.2,
    "socket_keepalive": True,
    "socket_keepalive_options": keepalive.redis_options(),
    "health_check_interval": keepalive.IDLE_S,
    "queue_order_strategy": "priority",
    "priority_steps": list(range(10)),
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "engines" / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = beat_schedule(sweep_s=SWEEP_SECONDS)

# --- API -----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["people.access.RequestUserAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],  # people.access.AccessMiddleware decides, for pages and API alike
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["clips.api.parser.ShallowJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "clips.api.pagination.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "clips.api.errors.one_sentence",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "TrickyClip",
    "DESCRIPTION": "Upload footage, sort its moments, find the clips.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SORT_OPERATIONS": False,  # in the order of clips/api/urls.py
    "ENUM_NAME_OVERRIDES": {
        "JobKind": "clips.models.JobKind",
        "ReactionKind": "clips.models.ReactionKind",
        "PairState": "clips.models.PairState",
    },
}

# --- logs: one line each, readable or JSON -------------------------------------------------------------------------
LOG_LEVEL = env("LOG_LEVEL", default="INFO")
LOG_FORMAT = env("LOG_FORMAT", default="line")
ACCESS_LOG = env.bool("ACCESS_LOG", default=LOG_FORMAT == "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"about": {"()": "trickyclip.shared.logs.AboutFilter"}},
    "formatters": {
        "line": {
            "()": "trickyclip.shared.logs.LineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            "datefmt": "%H:%M:%S",
        },
        "json": {"()": "trickyclip.shared.logs.JsonLineFormatter"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json" if LOG_FORMAT == "json" else "line",
            "filters": ["about"],
        }
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"level": logging.WARNING},
        # It writes the address of each login, and that of an invite link is a secret.
        "axes": {"level": logging.ERROR},
        # Told to say everything these write the addresses of uploads and tokens, which are secrets.
        **{name: {"level": logging.WARNING} for name in ("googleapiclient", "google", "google_auth_httplib2")},
    },
}

# --- what admins may change in the site (people/site_settings/) ------------------------------------------------------
#: These the environment decides; what an admin set counts for all others.
SET_IN_ENVIRONMENT = env.given
