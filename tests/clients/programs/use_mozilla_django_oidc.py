"""mozilla-django-oidc in a Django site."""

import os

import django_site

ISSUER = os.environ["ISSUER"]

django_site.configure(
    "mozilla_django_oidc",
    backends=["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
    middleware=["mozilla_django_oidc.middleware.SessionRefresh"],
    OIDC_RP_CLIENT_ID=os.environ["CLIENT_ID"],
    OIDC_RP_CLIENT_SECRET=os.environ["SECRET"],
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{ISSUER}/oidc/authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{ISSUER}/oidc/token",
    OIDC_OP_USER_ENDPOINT=f"{ISSUER}/oidc/userinfo",
    OIDC_OP_JWKS_ENDPOINT=f"{ISSUER}/oidc/jwks",
)

from django.http import HttpResponseRedirect, JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402


def me(request):
    return JsonResponse(
        {"email": request.user.email, "username": request.user.username}
    )


def expire(request):
    """Let the session's ID token end, so that the middleware asks for a new one."""
    request.session["oidc_id_token_expiration"] = 1
    return HttpResponseRedirect("/me")


urlpatterns = [
    path("me", me),
    path("expire", expire),
    path("leave", django_site.button("/oidc/logout/")),
    path("oidc/", include("mozilla_django_oidc.urls")),
]

if __name__ == "__main__":
    django_site.serve()
