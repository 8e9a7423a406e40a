"""The salt of pairwise names: made once, shown never, kept whatever happens."""

from __future__ import annotations

import json
import re

import pytest

from runtime.gateway import Gateway
from runtime.operations.refusals import UnreadableDocument
from runtime.operations.transfer import exported
from runtime.settings import settings_from

PAIRWISE = {"client_id": "orders", "subject_type": "pairwise"}


def salt_of(gateway):
    return gateway.registry.client("orders").pairwise_salt


@pytest.fixture
def salt(do, gateway, orders):
    """The salt of `orders`, whose second version is the first one that has one."""
    do("client update", **PAIRWISE)
    return salt_of(gateway)


def test_it_is_made_when_the_first_name_is_pairwise(do, gateway, orders):
    """It is made then and not before; each client has its own."""
    assert "" == salt_of(gateway)
    do("client update", **PAIRWISE)
    do("client add", name="Other", subject_type="pairwise")
    salts = {salt_of(gateway), gateway.registry.client("other").pairwise_salt}

    assert 2 == len(salts)
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in salts)


def test_it_is_shown_nowhere(do, gateway, salt, tmp_path):
    """It is sealed in the store and in exports; no command shows it."""
    told = [
        do("client show", client_id="orders"),
        do("client list"),
        do("client update", client_id="orders", name="New"),
        do("client rotate", client_id="orders"),
        do("store export"),
    ]
    files = [file.read_text() for file in tmp_path.glob("config/clients/orders/*.json")]

    assert 4 == len(files)
    assert not [each for each in (*files, *map(json.dumps, told)) if salt in each]
    assert salt in json.dumps(exported(gateway, sealed=False))


@pytest.mark.parametrize(
    "change", [{"subject_type": "public"}, {"clear": ["subject_type"]}]
)
def test_going_back_and_forth_renames_nobody(do, gateway, salt, change):
    """The salt is kept while the client is not pairwise."""
    do("client update", client_id="orders", **change)
    do("client update", **PAIRWISE)

    assert salt == salt_of(gateway)


def test_a_rollback_renames_nobody(do, gateway, salt):
    """Even a rollback to a version without a salt keeps it."""
    do("document rollback", kind="clients", id="orders", to=1)
    do("client update", **PAIRWISE)

    assert salt == salt_of(gateway)


def test_a_client_that_comes_back_has_the_same_names_of_users(do, gateway, salt):
    """Added anew under the same id, as by a rollback."""
    do("client remove", client_id="orders")
    do("client add", name="Orders", subject_type="pairwise")

    assert salt == salt_of(gateway)


def test_an_import_renames_nobody(do, gateway, salt):
    """An import does not replace the salt of an existing client."""
    content = json.loads(json.dumps(exported(gateway, sealed=False)))
    content["documents"][1]["content"]["pairwise_salt"] = "0" * 32
    done = do("store import", **content)

    assert "clients/orders" in done["unchanged"]
    assert salt == salt_of(gateway)


@pytest.mark.parametrize("sealed", [True, False])
def test_it_travels(do, gateway, salt, environ, tmp_path, sealed):
    """Another deployment has the same identifiers."""
    content = json.loads(json.dumps(exported(gateway, sealed=sealed)))
    other = {**environ, "CONFIG_URL": f"file:{tmp_path}/elsewhere"}
    elsewhere = Gateway(settings_from(other))
    do("store import", on=elsewhere, **content)

    assert salt == salt_of(elsewhere)


def test_without_the_newest_salt_nobody_comes_back(do, salt, environ):
    """The identifiers of users would change, so the missing key is reported."""
    do("client remove", client_id="orders")
    stranger = {**environ, "MASTER_KEYS": "1:" + "Z" * 43 + "="}
    with pytest.raises(UnreadableDocument):
        do("client add", on=Gateway(settings_from(stranger)), name="Orders")


def test_a_master_key_that_has_gone_stops_nobody(do, salt, environ):
    """After `key rotate` no old version is needed; the newest one decides."""
    keys = environ["MASTER_KEYS"], "2:" + "Z" * 43 + "="
    both = Gateway(settings_from({**environ, "MASTER_KEYS": ",".join(keys)}))
    assert "clients/orders" in do("key rotate", on=both)["resealed"]
    new = Gateway(settings_from({**environ, "MASTER_KEYS": keys[1]}))
    do("document rollback", on=new, kind="clients", id="orders", to=1)

    assert (salt, 2) == (salt_of(new), new.registry.client("orders").epoch)
