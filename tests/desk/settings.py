"""The desk's settings for tests: a home that is thrown away, plain http, quick password hashes."""

from __future__ import annotations

import os
import tempfile

os.environ["JICHA_HOME"] = tempfile.mkdtemp(prefix="jicha-desk-")
os.environ["JICHA_PLAIN_HTTP"] = "1"
os.environ["JICHA_SECRET"] = "only-for-tests-" * 5

from jicha.desk.project.settings import *  # noqa: F403
from jicha.desk.project.settings import DATABASES, HOME, STATIC_ROOT, STORAGES

# A file, not memory: threads that race must meet in one database.
DATABASES["default"]["TEST"] = {"NAME": HOME / "test.sqlite3"}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["*"]
STATIC_ROOT.mkdir()
