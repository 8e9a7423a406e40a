"""django-allauth in a Django site, with its provider for OIDC or for WeChat."""

import os

import django_site
from django.http import JsonResponse
from django.urls import include, path

APP = {"client_id": os.environ["CLIENT_ID"], "secret": os.environ["SECRET"]}
PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,  # it sends no nonce
        "APPS": [
            {
                **APP,
                "provider_id": "wechat-gateway",
                "name": "WeChat",
                "settings": {"server_url": os.environ["ISSUER"]},
            }
        ],
    },
    "weixin": {
        "APPS": [APP],
        "AUTHORIZE_URL": f"{os.environ['ISSUER']}/connect/qrconnect",
    },
}
PROVIDER = os.environ["PROVIDER"]

django_site.configure(
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    f"allauth.socialaccount.providers.{PROVIDER}",
    middleware=["allauth.account.middleware.AccountMiddleware"],
    backends=[
        "django.contrib.auth.backends.ModelBackend",
        "allauth.account.auth_backends.AuthenticationBackend",
    ],
    SOCIALACCOUNT_PROVIDERS={PROVIDER: PROVIDERS[PROVIDER]},
)


def me(request):
    account = request.user.socialaccount_set.get()
    return JsonResponse(
        {
            "openid" if PROVIDER == "weixin" else "sub": account.uid,
            "name": str(account.get_provider_account()),
        }
    )


urlpatterns = [
    path("me", me),
    path("leave", django_site.button("/accounts/logout/")),
    path("accounts/", include("allauth.urls")),
]

if __name__ == "__main__":
    django_site.serve()
