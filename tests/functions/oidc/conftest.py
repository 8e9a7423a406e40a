"""A gateway with a key for ID tokens, and clients of each kind."""

from __future__ import annotations

import pytest

from runtime.gateway import Gateway
from runtime.registry.client_secrets import hash_secret
from tests.support.gateway_environ import make_environ
from tests.support.provider import DOCUMENTS, SCOPES, SECRETS, Provider
from tests.support.rsa_keys import oidc_key, private_key
from tests.support.scripted_wechat import APP_SECRET, SERVICE, WEBSITE


@pytest.fixture
def environ(tmp_path, redis_server):
    key = oidc_key({1: private_key()})
    return make_environ(tmp_path, redis_server.url, OIDC_KEY=key)


@pytest.fixture
def gateway(settings, wechat, clock):
    made = Gateway(settings, clock=clock, transport=wechat)
    for appid, kind in ((SERVICE, "service"), (WEBSITE, "website")):
        content = {"kind": kind, "secret": APP_SECRET, "subject": "unionid"}
        made.documents.write("apps", appid, content, after=0)
    for id_, fields in DOCUMENTS.items():
        content = {
            "name": id_.title(),
            "scopes": SCOPES,
            "secret_hashes": [hash_secret(SECRETS[id_])] if id_ in SECRETS else [],
            **fields,
        }
        made.documents.write("clients", id_, content, after=0)
    return made


@pytest.fixture
def provider(gateway):
    """The oidc function, called as FC does."""
    return Provider(gateway)
