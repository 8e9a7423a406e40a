"""Apps and clients: found in the config service, proved by salted hashes."""

from __future__ import annotations

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from runtime.documents.folder import FolderStore
from runtime.errors import ServiceUnavailable
from runtime.registry.client_secrets import client_id_of, hash_secret, make_secret
from runtime.registry.models import App, Client, Rate
from runtime.registry.registry import Registry

APPID = "wx0123456789abcdef"
FIRST, SECOND = "shop_" + "1" * 32, "shop_" + "2" * 32
CLIENT = {
    "name": "Shop",
    "scopes": {APPID: ["/cgi-bin/user/*"]},
    "secret_hashes": [hash_secret(FIRST), hash_secret(SECOND)],
}


@pytest.fixture
def documents(tmp_path):
    return Documents(FolderStore(tmp_path), Envelope({1: b"m" * 32}))


@pytest.fixture
def registry(documents):
    return Registry(documents)


def test_an_app(registry, documents):
    """What is not written has its default; the revision is the document's version."""
    documents.write("apps", APPID, {"kind": "service", "secret": "hush"}, after=0)
    content = {"kind": "website", "secret": "hush", "token_mode": "plain"}
    expected = App(APPID, "service", "hush", 1, "stable", "openid")
    assert expected == registry.app(APPID)

    documents.write("apps", APPID, {**content, "subject": "unionid"}, after=1)
    changed = App(APPID, "website", "hush", 2, "plain", "unionid")
    assert changed == registry.app(APPID)


def test_all_apps(registry, documents):
    """Every app of the config service is found, sorted by its appid."""
    for appid, kind in (("wx2", "website"), ("wx1", "service")):
        documents.write("apps", appid, {"kind": kind, "secret": "hush"}, after=0)

    expected = (App("wx1", "service", "hush", 1), App("wx2", "website", "hush", 1))
    assert expected == registry.apps()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("service", True),
        ("subscription", True),
        ("miniprogram", True),
        ("website", False),
        ("component", False),
    ],
)
def test_who_has_an_access_token(kind, expected):
    """WeChat gives a website app none, and a component another one for a ticket."""
    assert expected == App(APPID, kind, "hush").has_access_token


def test_a_client(registry, documents):
    """A client has what its document says and is able by default."""
    documents.write("clients", "shop", CLIENT, after=0)

    expected = Client(
        client_id="shop",
        name="Shop",
        scopes_by_app={APPID: ("/cgi-bin/user/*",)},
        secret_hashes=tuple(CLIENT["secret_hashes"]),
        origins=(),
        epoch=1,
        disabled=False,
    )
    assert expected == registry.client("shop")


def test_a_client_with_a_rate(registry, documents):
    """Its calls are limited as its document says; without a rate by nothing."""
    content = {**CLIENT, "rate": {"per_second": 0.5, "burst": 5}}
    documents.write("clients", "slow", content, after=0)
    documents.write("clients", "none", {**CLIENT, "rate": None}, after=0)
    documents.write("clients", "shop", CLIENT, after=0)

    assert Rate(per_second=0.5, burst=5) == registry.client("slow").rate
    assert registry.client("none").rate is None
    assert registry.client("shop").rate is None


@pytest.mark.parametrize("id_", ["nobody", "", "../clients/shop", "\ud800"])
def test_unknown(registry, id_):
    """An unknown id is None, whatever it looks like."""
    assert registry.app(id_) is None
    assert registry.client(id_) is None


def test_secrets_stand_nowhere(registry, documents, tmp_path):
    """The document has salted hashes only, and no repr shows even those."""
    documents.write("clients", "shop", CLIENT, after=0)
    text = (tmp_path / "clients/shop/1.json").read_text()

    assert not any(each in text for each in (FIRST, SECOND, "1" * 32))
    shown = repr(registry.client("shop"))
    assert not any(each in shown for each in CLIENT["secret_hashes"])
    assert "hush" not in repr(App(APPID, "service", "hush"))


def test_hashes_are_salted():
    """The same secret never gives the same hash twice."""
    hashes = {hash_secret(FIRST) for _ in range(20)}

    assert 20 == len(hashes)
    golden = "sha256:s:9f59e32785bd9a6e43426246f57f09188636f4e91f9bd4103fa0fd5765aea490"
    assert golden == hash_secret(FIRST, random=lambda size: "s")


@pytest.mark.parametrize("secret", [FIRST, SECOND])
def test_two_secrets_are_valid_at_a_time(registry, documents, secret):
    """While a client changes over, the old and the new secret are both its own."""
    documents.write("clients", "shop", CLIENT, after=0)

    assert "shop" == registry.client_of(secret).client_id


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "shop",
        "shop_",
        "_" + "1" * 32,
        "1" * 32,
        FIRST[:-1],
        FIRST + "1",
        FIRST.upper(),
        "shop_" + "3" * 32,
        "other_" + "1" * 32,
        "shop_" + "g" * 32,
        "../clients/shop_" + "1" * 32,
        FIRST + "\n",
        "é_" + "1" * 32,
        "\ud800_" + "1" * 32,
        "\ud800",
    ],
)
def test_wrong_secrets(registry, documents, secret):
    """Any other text belongs to no client, and is no error."""
    documents.write("clients", "shop", CLIENT, after=0)

    assert registry.client_of(secret) is None


def test_a_removed_secret(registry, documents):
    """A secret whose hash is gone is worth nothing."""
    hashes = CLIENT["secret_hashes"][1:]
    documents.write("clients", "shop", {**CLIENT, "secret_hashes": hashes}, after=0)

    assert registry.client_of(FIRST) is None
    assert registry.client_of(SECOND) is not None


@pytest.mark.parametrize(
    "change", [{"disabled": True}, {"secret_hashes": []}], ids=["disabled", "no-secret"]
)
def test_a_client_that_cannot_prove_itself(registry, documents, change):
    """A disabled client is refused with a right secret, one without any always."""
    documents.write("clients", "shop", {**CLIENT, **change}, after=0)

    assert registry.client_of(FIRST) is None


def test_an_unknown_client_takes_the_same_path(registry, documents, monkeypatch):
    """An unknown client is compared with a hash as well, so timing shows nothing."""
    documents.write(
        "clients", "shop", {**CLIENT, "secret_hashes": [hash_secret(SECOND)]}, after=0
    )
    compared = []
    owns = Client.owns
    monkeypatch.setattr(Client, "owns", lambda *all_: compared.append(1) or owns(*all_))
    registry.client_of(FIRST)
    registry.client_of("nobody_" + "1" * 32)

    assert [1, 1] == compared


def test_a_new_secret_tells_its_client():
    """A made secret leads to its client's id, with 128 bits of its own behind it."""
    secrets = {make_secret("my_shop-1") for _ in range(20)}

    assert 20 == len(secrets)
    assert {"my_shop-1"} == {client_id_of(secret) for secret in secrets}
    assert "a_" + "0" * 32 == make_secret("a", random=lambda size: "00" * size)


def test_what_is_read_again_is_the_same(registry, documents):
    """A call asks three times, and makes an app from its document once."""
    documents.write("apps", APPID, {"kind": "service", "secret": "hush"}, after=0)
    documents.write("clients", "shop", CLIENT, after=0)

    assert registry.app(APPID) is registry.app(APPID)
    assert registry.client("shop") is registry.client("shop")


def test_a_listing_is_good_for_two_seconds(tmp_path):
    """Unauthenticated requests do not list the store each time."""
    now, listings = [0.0], []

    class Counted(FolderStore):
        def chains(self, kind):
            listings.append(kind)
            return super().chains(kind)

    envelope, store = Envelope({1: b"m" * 32}), Counted(tmp_path)
    registry = Registry(Documents(store, envelope, clock=lambda: now[0]))
    other = Documents(FolderStore(tmp_path), envelope)
    counts = []
    for now[0] in (0.0, 1.9, 2.0):
        counts.append((len(registry.apps()), len(registry.clients())))
        if not now[0]:
            app = {"kind": "service", "secret": "hush"}
            other.write("apps", APPID, app, after=0)
            other.write("clients", "shop", CLIENT, after=0)

    assert [(0, 0), (0, 0), (1, 1)] == counts
    assert ["apps", "clients"] * 2 == listings


def test_what_a_process_writes_it_lists_at_once(registry, documents):
    """Two seconds are for other processes."""
    assert () == registry.apps()
    documents.write("apps", APPID, {"kind": "service", "secret": "hush"}, after=0)
    assert [APPID] == [app.appid for app in registry.apps()]
    documents.remove("apps", APPID, after=1)
    assert () == registry.apps()


def test_the_store_away(tmp_path):
    """A config store that cannot be read is a service that is away, not an error."""

    class Away(FolderStore):
        def versions(self, name):
            raise PermissionError(13, "hush", "/var/hush")

        chains = versions

    registry = Registry(Documents(Away(tmp_path), Envelope({1: b"m" * 32})))

    for ask in (registry.apps, lambda: registry.app(APPID)):
        with pytest.raises(ServiceUnavailable) as caught:
            ask()
        assert "hush" not in str(caught.value)
