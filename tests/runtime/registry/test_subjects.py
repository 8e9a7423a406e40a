"""Subjects: WeChat's identifiers of users, or pairwise ones of a client."""

from __future__ import annotations

import re

import pytest

from runtime.registry.models import Client
from runtime.registry.subjects import SaltMissing, openid_for, subject_for

OPENID = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"
SALT = "0f" * 16


def make_client(**fields):
    return Client("orders", "Orders", {}, (), **fields)


def pairwise(salt=SALT):
    return make_client(subject_type="pairwise", pairwise_salt=salt)


def test_a_public_client_gets_wechats_own_names():
    """Whatever salt its document may have."""
    client = make_client(pairwise_salt=SALT)

    assert (OPENID, OPENID) == (
        subject_for(client, OPENID),
        openid_for(client, OPENID),
    )


@pytest.mark.case(134)
def test_golden_names():
    """HMAC-SHA256 in base64url; any other form would change every identifier."""
    # printf %s OPENID | openssl dgst -sha256 -mac HMAC -macopt hexkey:SALT -binary
    # | basenc --base64url
    whole = "__UcFSCkHjT2eojX85_SBTXITzZPm9CbQA51l1LcLTg"

    assert whole == subject_for(pairwise(), OPENID)
    assert f"o{whole[:27]}" == openid_for(pairwise(), OPENID)


@pytest.mark.case(90, 134)
def test_two_clients_cannot_compare_their_names():
    """Each salt has its own; a name has the form of WeChat's and tells nothing."""
    names = [openid_for(pairwise(salt), OPENID) for salt in (SALT, "1f" * 16)]

    assert 3 == len({*names, OPENID})
    assert all(re.fullmatch("o[A-Za-z0-9_-]{27}", name) for name in names)
    assert openid_for(pairwise(), OPENID) != openid_for(pairwise(), OPENID[:-1])


def test_without_a_salt_there_are_no_names():
    """Under an empty key anybody could find out whose they are."""
    with pytest.raises(SaltMissing):
        subject_for(pairwise(""), OPENID)
    with pytest.raises(SaltMissing):
        openid_for(pairwise(""), OPENID)
