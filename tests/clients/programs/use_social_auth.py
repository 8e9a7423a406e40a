"""social-auth-core in a Django site, with its backend for OIDC or for WeChat."""

import os

import django_site
from django.http import JsonResponse
from django.urls import include, path

BACKEND = os.environ["BACKEND"]
CLASSES = {
    "oidc": "social_core.backends.open_id_connect.OpenIdConnectAuth",
    "weixin": "social_core.backends.weixin.WeixinOAuth2",
}
KEYS = {"KEY": os.environ["CLIENT_ID"], "SECRET": os.environ["SECRET"]}
if BACKEND == "oidc":
    KEYS["OIDC_ENDPOINT"] = os.environ["ISSUER"]
    KEYS["SCOPE"] = ["offline_access"]
else:
    KEYS["AUTHORIZATION_URL"] = f"{os.environ['ISSUER']}/connect/qrconnect"

django_site.configure(
    "social_django",
    backends=[CLASSES[BACKEND], "django.contrib.auth.backends.ModelBackend"],
    **{f"SOCIAL_AUTH_{BACKEND.upper()}_{name}": KEYS[name] for name in KEYS},
)


def me(request):
    account = request.user.social_auth.get()
    return JsonResponse(
        {
            "sub" if BACKEND == "oidc" else "openid": account.uid,
            # Django keeps no Chinese user name; the backend keeps the nickname here.
            "name": request.user.get_full_name() or account.extra_data["username"],
        }
    )


def refresh(request):
    from social_django.utils import load_strategy

    account = request.user.social_auth.get()
    before = account.extra_data["refresh_token"]
    account.refresh_token(load_strategy(request))
    assert before != account.extra_data["refresh_token"]
    return me(request)


urlpatterns = [
    path("login", django_site.button(f"/login/{BACKEND}/")),
    path("me", me),
    path("refresh", refresh),
    path("", include("social_django.urls", namespace="social")),
]

if __name__ == "__main__":
    django_site.serve()
