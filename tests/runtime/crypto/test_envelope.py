"""Sealed secrets: opened at their own place, by a key that is still there."""

from __future__ import annotations

import base64
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.crypto.envelope import CannotOpen, Envelope

OLD, NEW = b"o" * 32, b"n" * 32
PLACE = "apps/wx1#secret"
HUSH = "s3cr3t-of-an-app"
GOLDEN = "1:MDAwMDAwMDAwMDAw1rAk2Bk+YZPO0htGPu+PzpoAZpSlAg=="


def make_envelope(keys=None):
    return Envelope(keys or {1: OLD}, random=lambda size: b"0" * size)


@given(secret=st.text(max_size=200), place=st.text(max_size=30))
def test_what_was_sealed_is_opened(secret, place):
    """Any text comes back at the place it was sealed for."""
    envelope = make_envelope()

    assert secret == envelope.open(envelope.seal(secret, place=place), place=place)


def test_golden_bytes():
    """The format is a decision: stored documents must stay readable."""
    assert GOLDEN == make_envelope().seal("hello!", place=PLACE)
    assert "hello!" == make_envelope().open(GOLDEN, place=PLACE)


def test_no_nonce_comes_twice():
    """Sealing the same secret twice gives two texts, neither with the secret in it."""
    envelope = Envelope({1: OLD})
    texts = {envelope.seal(HUSH, place=PLACE) for _ in range(50)}

    assert len(texts) == 50
    assert not any(HUSH in text for text in texts)


@pytest.mark.parametrize(
    "place", ["apps/wx2#secret", "apps/wx1#token", "", PLACE + " "]
)
def test_bound_to_its_place(place):
    """A sealed text that was moved to another document or field stays closed."""
    sealed = make_envelope().seal(HUSH, place=PLACE)

    with pytest.raises(CannotOpen):
        make_envelope().open(sealed, place=place)


@pytest.mark.parametrize("place", range(len(base64.b64decode(GOLDEN[2:]))))
def test_each_byte_counts(place):
    """One flipped bit in nonce, text or tag closes it."""
    data = bytearray(base64.b64decode(GOLDEN[2:]))
    data[place] ^= 1

    with pytest.raises(CannotOpen):
        make_envelope().open("1:" + base64.b64encode(data).decode(), place=PLACE)


@pytest.mark.parametrize(
    "sealed",
    [
        "",
        ":",
        "1:",
        "hello",
        GOLDEN[2:],
        "2" + GOLDEN[1:],
        "x" + GOLDEN[1:],
        "-1" + GOLDEN[1:],
        GOLDEN[:-1],
        GOLDEN + "A",
        GOLDEN + "\n",
        GOLDEN.replace("=", ""),
        "1:" + base64.b64encode(b"0" * 4).decode(),
        "1:" + base64.b64encode(b"0" * 12).decode(),
        "1:é",
    ],
)
def test_damaged(sealed):
    """What is no sealed text is refused, and by no other error."""
    with pytest.raises(CannotOpen):
        make_envelope().open(sealed, place=PLACE)


def test_rotation():
    """The newest key seals, an older one opens, a removed one is missed."""
    both = make_envelope({1: OLD, 2: NEW})
    sealed = both.seal(HUSH, place=PLACE)

    assert sealed.startswith("2:")
    assert "hello!" == both.open(GOLDEN, place=PLACE)
    assert HUSH == make_envelope({2: NEW}).open(sealed, place=PLACE)
    with pytest.raises(CannotOpen):
        make_envelope({2: NEW}).open(GOLDEN, place=PLACE)


def test_what_the_newest_key_sealed_is_current():
    """Only that: a rotation seals the rest anew, and finds a longer number as well."""
    keys = dict.fromkeys((1, 2, 11), OLD)
    sealed = {
        number: make_envelope({number: OLD}).seal(HUSH, place=PLACE) for number in keys
    }
    current = [each for each in keys if make_envelope(keys).is_current(sealed[each])]

    assert [11] == current
    assert make_envelope({1: OLD}).is_current(sealed[1])
    assert not make_envelope({1: OLD}).is_current(sealed[11])


def test_the_error_tells_the_place_and_nothing_else():
    """An operator learns which field it is; no text and no key stands there."""
    with pytest.raises(CannotOpen) as caught:
        make_envelope({1: NEW}).open(GOLDEN, place=PLACE)

    told = "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    assert PLACE == str(caught.value)
    assert not any(each in told for each in (GOLDEN[2:], "nnnn", "InvalidTag"))
