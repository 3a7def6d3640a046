"""Settings, all read from the environment; docs/admin/settings.md lists them.

With nothing set, this is the embedded installation: SQLite, Celery over a folder, everything under `var/`.
"""

import secrets
from pathlib import Path

from csp.constants import NONE, SELF
from django.conf.locale import LANG_INFO

from config.environment import Environment
from config.middleware import AT_ONCE

BASE_DIR = Path(__file__).resolve().parents[2]
ENV = Environment()

DATA_DIR = ENV.folder("DATA_DIR", BASE_DIR / "var", "earwitness.E001")
DEBUG = ENV.flag("DEBUG", False, "earwitness.E002")
ALLOWED_HOSTS = ENV.hosts("ALLOWED_HOSTS", ["127.0.0.1", "localhost"], "earwitness.E003")
# Behind a proxy that ends TLS: cookies are then sent over HTTPS only.
HTTPS = ENV.flag("HTTPS", False, "earwitness.E008")


def kept_secret() -> str:
    """The embedded installation's own key, made once and kept beside its data."""
    file = DATA_DIR / "secret-key"
    if not file.exists():
        # Listeners' data are nobody else's on this machine.
        DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(50))
    return file.read_text()


SECRET_KEY = ENV.secret("SECRET_KEY", kept_secret, "earwitness.E004")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "config",
    "web",
    "accounts",
    "jobs",
    "library",
    "studies",
    "training",
    "reports",
]
MIDDLEWARE = [
    "config.middleware.in_turn",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    },
]

DATABASES = {"default": ENV.database("DATABASE_URL", f"sqlite:///{DATA_DIR}/earwitness.sqlite3", "earwitness.E005")}
DATABASE_OPTIONS = DATABASES["default"].setdefault("OPTIONS", {})
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # With Django's defaults more than half of concurrent writes fail.
    # FULL: an acknowledged rating outlives a power cut.
    DATABASE_OPTIONS |= {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    DATABASE_OPTIONS |= {"pool": {"min_size": 0, "max_size": AT_ONCE, "timeout": 20}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MEDIA_ROOT = ENV.folder("MEDIA_ROOT", DATA_DIR / "media", "earwitness.E006")
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Set by nginx's configuration: media then leave through X-Accel-Redirect under this prefix.
X_ACCEL_PREFIX = "/protected/" if ENV.flag("X_ACCEL", False, "earwitness.E009") else ""

BROKER_URL = ENV.broker("BROKER_URL", "filesystem://", "earwitness.E007")
# How long a job's owner may be silent before another worker takes the job over.
JOB_LEASE_SECONDS = ENV.number("JOB_LEASE_SECONDS", 60, "earwitness.E010", low=2, high=3600)
RECONCILE_SECONDS = ENV.number("RECONCILE_SECONDS", 15, "earwitness.E011", low=1, high=3600)

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "platform" / "locale"]
# Another language is one more folder there; each is called by its own name.
TRANSLATED = sorted(path.name for path in LOCALE_PATHS[0].glob("*") if path.is_dir())
LANGUAGES = [(code, LANG_INFO[code]["name_local"].capitalize()) for code in ("en", *TRANSLATED)]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # Plots are inline SVG whose strokes and fills are style attributes.
        "style-src": [SELF, "'unsafe-inline'"],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
