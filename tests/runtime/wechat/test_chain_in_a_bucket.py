"""The chain with documents in a bucket: what is asked of it, and when it is away."""

from __future__ import annotations

import pytest

from runtime.errors import ServiceUnavailable
from runtime.gateway import Gateway
from runtime.settings import settings_from
from tests.runtime.documents.document_stores import oss, use_keys
from tests.support.oss_server import BUCKET
from tests.support.sandbox_component import API, SandboxComponent

AWAY = [(503, "ServiceUnavailable")] * 1000


@pytest.fixture
def server(monkeypatch):
    """Run a bucket of OSS."""
    use_keys(monkeypatch)
    with oss(monkeypatch) as running:
        yield running


@pytest.fixture
def started(sandbox_environ, server):
    """Return gateways on the bucket, as processes have them."""
    place = {
        "CONFIG_URL": f"s3://{BUCKET}/wechat/config",
        "S3_ENDPOINT_URL": server.endpoint,
    }

    def start():
        return Gateway(settings_from({**sandbox_environ, **place}))

    return start


@pytest.fixture
def component(sandbox, started):
    """The sandbox's component in a gateway on the bucket."""
    made = SandboxComponent(sandbox, started()).enter()
    made.authorize()
    return made


def token_of(gateway, component):
    return gateway.calls.real_token(gateway.registry.app(component.merchant)).value


def test_no_listing_of_authorisations(component, started, server):
    """A call asks the bucket for nothing where Redis has copies, whoever calls."""
    token_of(started(), component)
    server.bucket.seen.clear()
    gateway = started()
    for _ in range(3):
        assert token_of(gateway, component)

    lines = [each.line for each in server.bucket.seen]
    assert [each for each in lines if "authorizers" in each] == []


def test_while_the_bucket_is_away(component, started, server):
    """The same refresh token needs no bucket: tokens are fetched by Redis' copies."""
    app = started().registry.app(component.merchant)
    assert app.is_authorized
    gateway = started()
    server.bucket.failures = list(AWAY)

    assert token_of(gateway, component)


def test_a_new_refresh_token_waits_for_the_bucket(
    component, started, server, redis_server
):
    """No token counts meanwhile; then the next caller gets one, and nothing is lost."""
    first = component.stored().refresh_token
    component.act("rotate", authorizer=component.merchant)
    gateway = started()
    assert gateway.registry.app(component.merchant)
    server.bucket.failures = list(AWAY)
    with pytest.raises(ServiceUnavailable):
        token_of(gateway, component)
    server.bucket.failures = []
    assert component.stored().refresh_token == first
    name = f"authorizer_access_token:{component.appid}-{component.merchant}"
    client = redis_server.client()
    client.hdel(f"gateway:credential:{{{name}}}", "retry_at")
    client.close()

    assert token_of(started(), component)
    assert component.stored().refresh_token != first
    assert component.asked(f"{API}api_get_authorizer_info") == []


def test_redis_emptied(component, started, redis_server):
    """All comes from the bucket: ticket, component, authorisation."""
    token_of(started(), component)
    redis_server.empty()

    assert token_of(started(), component)
