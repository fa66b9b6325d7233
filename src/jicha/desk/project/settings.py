"""Settings of the desk; what differs between installations comes from the home folder and the environment."""

from __future__ import annotations

import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from whitenoise.compress import Compressor

from jicha.desk.project.database import database_from
from jicha.desk.project.providers import pages_of, providers_from
from jicha.desk.project.secret import former_secrets, kept_secret

DESK = Path(__file__).resolve().parents[1]
HOME = Path(os.environ.get("JICHA_HOME") or "jicha-home").resolve()
CHECKPOINTS = HOME / "checkpoints.jsonl"
# A second place for the checkpoints of the log, on a disk that who holds the home cannot write.
CHECKPOINTS_OUTSIDE = Path(told) if (told := os.environ.get("JICHA_CHECKPOINTS")) else None

DEBUG = False
# Made on first use: reading the settings touches no folder.
SECRET_KEY = SimpleLazyObject(lambda: kept_secret(HOME / "desk-secret"))
SECRET_KEY_FALLBACKS = SimpleLazyObject(lambda: former_secrets(HOME / "desk-secret"))
# Names under which browsers reach the desk; `jicha serve` adds the one it listens on.
ALLOWED_HOSTS = os.environ.get("JICHA_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
# Plain http is for one's own machine only: anything else runs behind TLS.
IS_PLAIN_HTTP = os.environ.get("JICHA_PLAIN_HTTP") == "1"

INSTALLED_APPS = [
    "jicha.desk.people.apps.PeopleConfig",
    "jicha.desk.journal.apps.JournalConfig",
    "jicha.desk.jobs.apps.JobsConfig",
    "jicha.desk.clues.apps.CluesConfig",
    "jicha.desk.orders.apps.OrdersConfig",
    "jicha.desk.evidence.apps.EvidenceConfig",
    "jicha.desk.settlements.apps.SettlementsConfig",
    "jicha.desk.visits.apps.VisitsConfig",
    "jicha.desk.deliveries.apps.DeliveriesConfig",
    "jicha.desk.exports.apps.ExportsConfig",
    "jicha.desk.webhooks.apps.WebhooksConfig",
    "jicha.desk.api.apps.ApiConfig",
    "jicha.desk.operation.apps.OperationConfig",
    "jicha.desk.ui.apps.UiConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "csp",
    "django_htmx",
    "django_filters",
    "ninja",  # its page of the API's document is served from our own static files
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "jicha.desk.operation.requests.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "jicha.desk.people.middleware.StandingMiddleware",
    "jicha.desk.people.seeing.SeeingMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "jicha.desk.people.second_factor.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "jicha.desk.operation.trouble.TroubleMiddleware",
]

ROOT_URLCONF = "jicha.desk.project.urls"
WSGI_APPLICATION = "jicha.desk.project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "jicha.desk.ui.context.desk",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "jicha.desk.ui.templatetags.desk",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {"default": database_from(os.environ.get("DATABASE_URL"), HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Jobs wait in the desk's own database: one that was asked for in a transaction that failed was never asked for.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "desk_cache"}}

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# No mail leaves the desk: passwords come from an administrator.
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "workbench"
ACCOUNT_ADAPTER = "jicha.desk.people.adapters.NoSignUp"
SOCIALACCOUNT_ADAPTER = "jicha.desk.people.adapters.KnownPeopleOnly"
SOCIALACCOUNT_PROVIDERS = providers_from(os.environ)
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_STORE_TOKENS = False
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# Axes counts wrong passwords in rows that an administrator can lift; allauth's own counter would not know of that.
# What is left to it is one address that tries many accounts.
ACCOUNT_RATE_LIMITS = {"login_failed": False, "login": os.environ.get("JICHA_SIGN_INS", "30/m/ip")}
EXPORTS_AN_HOUR = int(os.environ.get("JICHA_EXPORTS_AN_HOUR") or 10)
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_LOCKOUT_TEMPLATE = "people/locked_out.html"
AXES_USERNAME_CALLABLE = "jicha.desk.people.lockout.username_of"
AXES_VERBOSE = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "jicha"
# A code of the half minute before or after counts, too: clocks of telephones differ, and a code takes time to type.
MFA_TOTP_TOLERANCE = 1
# Roles (policies/desk/roles.yaml) whose holders must sign in with a second factor, parted by commas.
SECOND_FACTOR_ROLES = frozenset(
    filter(None, os.environ.get("JICHA_SECOND_FACTOR", "").replace(" ", "").split(","))
)
# A session ends after half an hour without a click; StandingMiddleware ends it after twelve hours in any case.
SESSION_COOKIE_AGE = 30 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
LONGEST_SESSION_SECONDS = 12 * 60 * 60

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [DESK / "locale"]
FORMAT_MODULE_PATH = ["jicha.desk.project.formats"]
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = os.environ.get("JICHA_TIME_ZONE", "Asia/Shanghai")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
# Nobody but who mends a library loads its source maps: to squeeze megabytes of them would hold up the first start.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "jicha.desk.project.static.DeskStatic"},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # A browser holds the redirect that follows a form against this list, too.
        "form-action": [SELF, *pages_of(os.environ)],
    }
}
# The API: how often a token may be used in a minute, and for how many days one is valid at most.
API_CALLS_A_MINUTE = int(os.environ.get("JICHA_API_CALLS_A_MINUTE", "120"))
API_TOKEN_MOST_DAYS = int(os.environ.get("JICHA_API_TOKEN_MOST_DAYS", "366"))
# Private networks to which webhooks may be sent, such as 10.1.0.0/16,10.2.3.4/32: none, unless the operator names them.
WEBHOOK_NETWORKS = [one for one in os.environ.get("JICHA_WEBHOOK_NETWORKS", "").split(",") if one]

# Photos come one at a time; what is larger is refused before it fills the memory (evidence/content.py says how large).
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = not IS_PLAIN_HTTP
SECURE_HSTS_SECONDS = 0 if IS_PLAIN_HTTP else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = not IS_PLAIN_HTTP
SECURE_HSTS_PRELOAD = not IS_PLAIN_HTTP
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not IS_PLAIN_HTTP
# Whose address the limits count: with a proxy in front, the one that it tells of, not the proxy's own.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("JICHA_BEHIND_PROXY") == "1")
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("JICHA_BEHIND_PROXY") == "1" else None
)

# W006: an account is locked whatever address the wrong passwords come from.
SILENCED_SYSTEM_CHECKS = ["axes.W003", "axes.W006"]
# Below this much room the pages warn, and below the second the desk calls itself broken: judgement, not a rule of anybody's.
DISK_LOW_BYTES = int(os.environ.get("JICHA_DISK_LOW_MIB") or 2048) * 1024**2
DISK_FULL_BYTES = int(os.environ.get("JICHA_DISK_FULL_MIB") or 200) * 1024**2
# Who asks for the figures at /metrics bears this; without one they are told to this machine only.
METRICS_TOKEN = os.environ.get("JICHA_METRICS_TOKEN", "")
# A supervisor asks without TLS, from the same machine.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "jicha.desk.operation.log_lines.JsonLine"}},
    "handlers": {"terminal": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["terminal"], "level": "WARNING"},
    # Axes names accounts and addresses of machines; what it does is in the line of the request, and in its own table.
    "loggers": {
        "axes": {"level": "CRITICAL"},
        "jicha.requests": {"level": os.environ.get("JICHA_LOG_LEVEL", "INFO")},
    },
}
