"""Signed text: of one purpose, one time and one maker only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.crypto.signing import (
    BadSignature,
    SignatureExpired,
    SignedInFuture,
    Signer,
)

NOW = 1_800_000_000.0
OLD = b"o" * 32
NEW = b"n" * 32
GOLDEN = "eyJhIjoxfQ.1.1800000000.lrrwH9bNutNDfbyCGgz2YXt2VgDldjEUrJlbrPjeEGA"


def make_signer(*, keys=None, purpose="state"):
    return Signer(keys or {1: OLD}, purpose=purpose)


def verify(text, *, signer=None, now=NOW, max_age=60.0):
    return (signer or make_signer()).verify(text, now=now, max_age=max_age)


def test_golden_bytes():
    """The wire format is a decision: the same input gives these very bytes."""
    assert GOLDEN == make_signer().sign(b'{"a":1}', now=NOW)


@given(payload=st.binary(max_size=200))
def test_what_was_signed_is_read(payload):
    """Any bytes come back as they were."""
    assert payload == verify(make_signer().sign(payload, now=NOW))


@pytest.mark.case(104)
@pytest.mark.parametrize("purpose", ["session", "stat", "state ", "", "state:1"])
def test_purposes_are_apart(purpose):
    """Text signed for one purpose never passes for another, with the same secrets."""
    text = make_signer(purpose=purpose).sign(b"x", now=NOW)

    with pytest.raises(BadSignature):
        verify(text)


@pytest.mark.parametrize("place", range(len(GOLDEN)))
def test_each_byte_counts(place):
    """One changed character anywhere, in the same alphabet, is a bad signature."""
    other = "B" if GOLDEN[place] == "A" else "A"
    if GOLDEN[place].isdecimal():
        other = str((int(GOLDEN[place]) + 1) % 10)
    text = GOLDEN[:place] + other + GOLDEN[place + 1 :]

    with pytest.raises(BadSignature):
        verify(text, now=NOW, max_age=1e12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "...",
        "a.1.1.b",
        GOLDEN + "=",
        GOLDEN + "\n",
        " " + GOLDEN,
        GOLDEN[:-1],
        GOLDEN.replace(".1.", ".01."),
        GOLDEN.replace(".1.", ".1.0"),
        GOLDEN.replace(".1.", ".9."),
        GOLDEN.replace("1800000000", "１８00000000"),
        GOLDEN.replace("1800000000", "-180000000"),
        GOLDEN[:-1] + "/",
        "é" + GOLDEN,
        "\ud800" + GOLDEN,
        "A" * 100_000,
    ],
)
def test_what_is_not_ours_is_refused(text):
    """Text of any other form is a bad signature, and no other error."""
    with pytest.raises(BadSignature):
        verify(text)


def test_undecodable_payload_under_a_good_signature():
    """A payload that is no base64 is refused although its HMAC is right."""
    signer = make_signer()
    signed = "AAAAA.1.1800000000"
    text = f"{signed}.{signer.digest(signed, version=1)}"

    with pytest.raises(BadSignature):
        verify(text, signer=signer)


def test_rotation():
    """The newest key signs, an older one verifies, a removed one does not."""
    old, both = make_signer(), make_signer(keys={1: OLD, 2: NEW})
    before, after = old.sign(b"x", now=NOW), both.sign(b"x", now=NOW)

    assert b"x" == verify(before, signer=both)
    assert b"x" == verify(after, signer=make_signer(keys={2: NEW}))
    with pytest.raises(BadSignature):
        verify(before, signer=make_signer(keys={2: NEW}))
    with pytest.raises(BadSignature):
        verify(after, signer=old)


def test_a_key_verifies_under_its_own_number_only():
    """The number in the text cannot make another key answer for it."""
    text = make_signer().sign(b"x", now=NOW)

    with pytest.raises(BadSignature):
        verify(text.replace(".1.", ".2."), signer=make_signer(keys={1: OLD, 2: OLD}))


def test_a_digest_is_of_the_key_that_one_names():
    """The same under any list that has the key, whichever is the newest."""
    old, both = make_signer(), make_signer(keys={2: NEW, 1: OLD})
    digest = old.digest("x", version=old.newest)

    assert (43, 1, 2) == (len(digest), old.newest, both.newest)
    assert digest == both.digest("x", version=1)
    assert digest != both.digest("x", version=2)
    with pytest.raises(BadSignature):
        old.digest("x", version=2)


@pytest.mark.parametrize(("age", "fine"), [(0, True), (60, True), (60.5, False)])
def test_age(age, fine):
    """Text is good for exactly its time; the error tells its age."""
    text = make_signer().sign(b"x", now=NOW)

    if fine:
        assert b"x" == verify(text, now=NOW + age)
        return
    with pytest.raises(SignatureExpired) as caught:
        verify(text, now=NOW + age)
    assert age == caught.value.age
    assert "signed 60 s ago" == str(caught.value)


@pytest.mark.case(125)
def test_future():
    """A minute ahead is another machine's clock; more is refused as such."""
    text = make_signer().sign(b"x", now=NOW)

    assert b"x" == verify(text, now=NOW - 60)
    with pytest.raises(SignedInFuture):
        verify(text, now=NOW - 61)


def test_expiry_is_told_only_of_what_is_ours():
    """Forged text is never called expired: its time is not to be believed."""
    with pytest.raises(BadSignature) as caught:
        verify(GOLDEN.replace("1800000000", "1000000000"))

    assert BadSignature is type(caught.value)
