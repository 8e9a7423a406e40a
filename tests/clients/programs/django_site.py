"""Settings, a page with a button and the start of a Django site in one file."""

import os
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.middleware.csrf import get_token

PORT = os.environ["PORT"]
ALWAYS = {
    "SECRET_KEY": "x" * 50,
    "ALLOWED_HOSTS": ["localhost"],
    "ROOT_URLCONF": "__main__",
    "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db"}},
    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    "LOGIN_REDIRECT_URL": "/me",
    "LOGOUT_REDIRECT_URL": "/",
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
}
APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]


def configure(*apps, middleware=(), backends=(), **more):
    """Make Django ready to import the client's views."""
    settings.configure(
        INSTALLED_APPS=[*APPS, *apps],
        MIDDLEWARE=[*MIDDLEWARE, *middleware],
        AUTHENTICATION_BACKENDS=list(backends),
        **ALWAYS,
        **more,
    )
    django.setup()


def button(action):
    """Return a view with a form that begins or ends a session."""

    def view(request):
        token = get_token(request)
        field = f'<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
        form = f'<form method="post" action="{action}">{field}<button>Go</button>'
        return HttpResponse(f"<!doctype html>{form}</form>")

    return view


def serve():
    """Make the database, and listen."""
    call_command("migrate", verbosity=0)
    sys.argv = ["site"]
    call_command("runserver", f"127.0.0.1:{PORT}", use_reloader=False)
