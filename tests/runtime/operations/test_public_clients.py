"""Clients without a secret, and how one becomes such a client or ceases to be one."""

from __future__ import annotations

import re

import pytest

from runtime.operations.refusals import OperationRefused
from runtime.registry.logo import data_uri
from runtime.registry.schema import InvalidDocument

LOGO = data_uri("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"/>')


def test_a_public_client_has_no_secret(do, gateway):
    """None is made, and none can be made later."""
    made = do("client add", name="Page", public=True)

    assert (False, 0, True) == ("secret" in made, made["secrets"], made["public"])
    assert () == gateway.registry.client("page").secret_hashes
    for finish in (False, True):
        with pytest.raises(OperationRefused) as caught:
            do("client rotate", client_id="page", finish=finish)
        assert "A public client has no secret." == caught.value.message
    ended = do("client disable", client_id="page")
    assert (True, 2) == (ended["disabled"], ended["epoch"])


def test_who_becomes_public_loses_the_secrets(do, gateway, orders):
    """All of them, at once: every holder of a secret is refused."""
    second = do("client rotate", client_id="orders")["secret"]
    done = do("client update", client_id="orders", public=True)

    assert (0, False) == (done["secrets"], "secret" in done)
    for secret in (orders["secret"], second):
        assert gateway.registry.client_of(secret) is None


@pytest.mark.parametrize("change", [{"public": False}, {"clear": ["public"]}])
def test_who_ceases_to_be_public_gets_a_secret(do, gateway, change):
    """Shown once; later changes make no other secret."""
    do("client add", name="Page", public=True)
    done = do("client update", client_id="page", **change)

    assert re.fullmatch(r"page_[0-9a-f]{32}", done["secret"])
    later = do("client update", client_id="page", pkce="optional")
    assert (1, False) == (later["secrets"], "secret" in later)
    assert "page" == gateway.registry.client_of(done["secret"]).client_id


def test_what_needs_a_secret_is_cleared_first(do, orders):
    """Both at once is one change; one without the other is refused by name."""
    do("client update", client_id="orders", pkce="optional")
    with pytest.raises(InvalidDocument) as caught:
        do("client update", client_id="orders", public=True)
    assert "pkce" == caught.value.field

    done = do("client update", client_id="orders", public=True, clear=["pkce"])
    assert (0, True) == (done["secrets"], done["public"])


def test_a_logo_is_shown_by_kind_and_size(do, gateway, orders):
    """Only the sign-in page gets its bytes."""
    done = do("client update", client_id="orders", logo=LOGO)

    assert "image/svg+xml, 41 bytes" == done["logo"]
    assert done == do("client show", client_id="orders")
    assert LOGO == gateway.registry.client("orders").logo
