"""Django's settings, from the environment alone. `opla.commands` fills the environment in; a host may do it instead."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from opla import secret_files
from opla.counterparts import trying
from opla.db import keyring
from opla.db.reached import reached
from opla.site import logs

try:
    secret_files.read(os.environ)
except ValueError as _problem:
    raise ImproperlyConfigured(str(_problem)) from None

ROOT = Path(__file__).resolve().parents[3]
VAR = Path(os.environ.get("OPLA_VAR", ROOT / "var"))


def database(url: str) -> dict[str, object]:
    """A `postgresql://` address, of one server or of several, as Django's database settings."""
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(reached(url)).items() if value is not None}
    except ValueError as problem:
        raise ImproperlyConfigured(str(problem)) from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**parts, "server_side_binding": True},
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }


#: `OPLA_DSN_APP` reads everything and writes money only through functions; `OPLA_DSN_OWNER` owns the
#: schema and is used by migrations alone. Where a host gives one role, both are the same address.
DSN_APP = os.environ.get("OPLA_DSN_APP", "postgresql:///opla")
DSN_OWNER = os.environ.get("OPLA_DSN_OWNER", DSN_APP)
DATABASES = {"default": database(DSN_APP), "owner": database(DSN_OWNER)}
DATABASE_ROUTERS: list[str] = []

#: Sandbox counterparts stand in for every provider and operator. Live adapters refuse to run beside them.
SANDBOX = os.environ.get("OPLA_SANDBOX", "1") == "1"
#: `OPLA_TRY` names real providers and suppliers whose stand-ins answer in their place, in a sandbox shop alone.
if _wrong := trying.problem(os.environ):
    raise ImproperlyConfigured(_wrong)
#: The ways of paying that people choose between, in this order; beside the sandbox those with a key for trying alone.
PAYMENT_METHODS = trying.methods(os.environ)
#: The suppliers that are asked beside our own shelves; the cheapest that can deliver first, of equals in this order.
SUPPLIERS = trying.suppliers(os.environ)
#: The sandbox's own gives way to those who are tried: it has everything, at a price that others are not below.
SANDBOX_SUPPLIES = SANDBOX and not set(trying.asked(os.environ)) & set(trying.SUPPLIERS)
#: The owner's own account, where people may transfer to; without an IBAN and a name nobody can.
BANK = {name: os.environ.get(f"OPLA_BANK_{name.upper()}", "") for name in ("iban", "holder", "bic")}

SECRET_KEY = keyring.load(VAR).signing_key
DEBUG = False
LOGGING = logs.settings(VAR, logs.form())
ALLOWED_HOSTS = os.environ.get("OPLA_HOSTS", "127.0.0.1,localhost,[::1]").split(",")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "opla.db",
    "opla.accounts",
    "opla.storefront",
    "opla.backoffice",
    "opla.portal",
    "opla.till",
    "opla.kiosk",
    "ninja",
]
AUTH_USER_MODEL = "opla_db.Customer"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "Europe/Brussels"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français"), ("nl", "Nederlands"), ("de", "Deutsch"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [Path(__file__).resolve().parents[1] / "locale"]
ROOT_URLCONF = "opla.site.urls"
WSGI_APPLICATION = "opla.site.wsgi.application"

#: Proxies of our own in front: a visitor's address is what the outermost of them wrote into X-Forwarded-For.
PROXIES = int(os.environ.get("OPLA_PROXIES", "0"))
#: What the shop charges on top of the face value, as a decimal amount.
SERVICE_FEE = os.environ.get("OPLA_SERVICE_FEE", "0.00")
#: How long an order waits for cash, in hours: opening hours and a weekend lie between.
CASH_HOURS = int(os.environ.get("OPLA_CASH_HOURS", "48"))
#: The file of the numbers that months are exported under (catalogs/accounts.yaml); empty: the one that is shipped.
CHART = os.environ.get("OPLA_CHART", "")
#: Who may read /metrics, by `Authorization: Bearer`. Empty: nobody.
METRICS_TOKEN = os.environ.get("OPLA_METRICS_TOKEN", "")
#: How the shop is reached from outside: return addresses and webhooks are made from it.
BASE_URL = os.environ.get("OPLA_URL", "http://127.0.0.1:8000").rstrip("/")
#: Refunds by rule in one day, in minor units; beyond it a person looks first.
REFUND_CAP_MINOR = int(os.environ.get("OPLA_REFUND_CAP_MINOR", "50000"))
#: What one order may be given back by choice, in minor units, before a second person is needed.
REFUND_ALONE_MINOR = int(os.environ.get("OPLA_REFUND_ALONE_MINOR", "5000"))

#: What a person gives away by resolving an item, in minor units; above it a second person must agree.
SECOND_PERSON_MINOR = int(os.environ.get("OPLA_SECOND_PERSON_MINOR", "10000"))
#: Parts of text messages that one day may cost; then texts stay unsent, and mails go on.
TEXTS_A_DAY = int(os.environ.get("OPLA_TEXTS_A_DAY", "1000"))
#: How many months of events, lines and answers stay where sales are written; closed ones that are older are archived.
LIVE_MONTHS = int(os.environ.get("OPLA_LIVE_MONTHS", "18"))

# ── the web process ──────────────────────────────────────────────────────
MIDDLEWARE = [
    "opla.site.watching.Watching",
    "opla.site.middleware.SafeHeaders",
    # Also compresses what WhiteNoise serves. Pages carry random padding against BREACH (Django's own).
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "opla.storefront.draft_cookie.DraftCookie",
    "opla.api.limits.Limits",
    "opla.api.problems.NotAllowed",
    "opla.backoffice.views.AsksToShow",
    "opla.site.middleware.Quarantine",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csrf",
                "opla.storefront.context.page",
            ],
        },
    }
]
STATIC_URL = "/static/"
# Served from the apps' own folders, so that nothing is collected or built. Addresses carry the content's hash.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 365 * 24 * 3600

_HTTPS = BASE_URL.startswith("https://")
# Rows of who signed in, to be listed and ended; what a visitor typed is a draft (`storefront.draft_cookie`).
SESSION_ENGINE = "opla.accounts.sessions"
SESSION_COOKIE_NAME = "opla_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _HTTPS
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "opla_form"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = _HTTPS
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "opla.storefront.views.errors.form_refused"
LANGUAGE_COOKIE_NAME = "opla_language"
LANGUAGE_COOKIE_SECURE = _HTTPS
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
#: Where people reach whoever runs this shop: shown on the help page as it is written here.
CONTACT = os.environ.get("OPLA_CONTACT", "")
#: Who runs this shop, as the law wants it said: shown on the page that says who we are, and missed there when not set.
SHOP_NAME = os.environ.get("OPLA_SHOP_NAME", "Opla")
SHOP_COMPANY = os.environ.get("OPLA_SHOP_COMPANY", "")
SHOP_ADDRESS = os.environ.get("OPLA_SHOP_ADDRESS", "")
ENTERPRISE_NUMBER = os.environ.get("OPLA_ENTERPRISE_NUMBER", "")
#: Every domain that is this shop's. Its own address is one of them.
SHOP_DOMAINS = [name for name in os.environ.get("OPLA_SHOP_DOMAINS", "").split(",") if name]
#: The day on which the owner confirmed the texts about terms and withdrawal, with a lawyer: an ISO date.
TERMS_CONFIRMED = os.environ.get("OPLA_TERMS_CONFIRMED", "")
