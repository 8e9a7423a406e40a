"""Cookies: Tornado reads ours, we read Tornado's, and no others are accepted."""

from __future__ import annotations

import base64
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.web import create_signed_value, decode_signed_value

from runtime.web.cookies import read_cookie, set_cookie, sign_cookie

NOW = 1_700_000_000.0
A_MONTH = 31 * 86400
KEYS = {1: b"secret-1", 7: b"secret-7"}
GOLDEN = (
    "2|1:0|10:1700000000|4:user|8:aGVsbG8=|"
    "d5f7667dbf5d86b289e154c36305c0b862922349a6ad2f9190e79ece67d154ff"
)
VALUES = ["", "hello", "张三😀", 'a|b;c=,"\x00', "é" * 1500, "x" * 3000]


def read(text, *, name="user", keys=None, now=NOW, max_age=A_MONTH):
    return read_cookie(name, text, keys=keys or KEYS, now=now, max_age=max_age)


def signed_by(key, fields, *, version="2"):
    """Return a text of these fields, rightly signed whatever they are."""
    text = f"{version}|" + "".join(f"{field}|" for field in fields)
    return text + hmac.new(key, text.encode(), "sha256").hexdigest()


@pytest.mark.parametrize("value", VALUES)
def test_tornado_reads_ours(value):
    """`get_signed_cookie` with min_version=2 gives back what we signed."""
    text = sign_cookie("user", value, keys=KEYS, now=NOW)

    read_by_tornado = decode_signed_value(
        {1: "secret-1", 7: "secret-7"}, "user", text, clock=lambda: NOW, min_version=2
    )
    assert value.encode() == read_by_tornado


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("version", [1, 7])
def test_we_read_tornados(value, version):
    """What `set_signed_cookie` signed with any version of the list is read."""
    text = create_signed_value(
        {1: "secret-1", 7: "secret-7"},
        "user",
        value,
        version=2,
        clock=lambda: NOW,
        key_version=version,
    ).decode()

    assert value == read(text)


@given(value=st.text(max_size=300), name=st.from_regex(r"\A[a-z_-]{1,20}\Z"))
def test_both_sign_alike(value, name):
    """Our bytes are Tornado's bytes, for any name and value."""
    expected = create_signed_value(
        {1: "secret-1", 7: "secret-7"},
        name,
        value,
        version=2,
        clock=lambda: NOW,
        key_version=7,
    ).decode()

    actual = sign_cookie(name, value, keys=KEYS, now=NOW)
    assert expected == actual
    assert value == read(actual, name=name)


def test_golden_bytes():
    """The wire format is a decision: the same input gives these very bytes."""
    keys = {0: b"secret-1"}

    assert GOLDEN == sign_cookie("user", "hello", keys=keys, now=NOW)
    assert "hello" == read(GOLDEN, keys=keys)


@pytest.mark.case(106)
@pytest.mark.parametrize("place", range(len(GOLDEN)))
def test_each_byte_counts(place):
    """One flipped bit in any byte makes it no cookie."""
    flipped = chr(ord(GOLDEN[place]) ^ 1)
    text = GOLDEN[:place] + flipped + GOLDEN[place + 1 :]

    assert read(text, keys={0: b"secret-1", 1: b"secret-1"}) is None


SIGNED = sign_cookie("user", "hello", keys=KEYS, now=NOW)
V1 = create_signed_value("secret-7", "user", "hello", version=1).decode()
NOT_COOKIES = {
    "none": None,
    "empty": "",
    "one-bar": "|",
    "bars": "2|||||",
    "version-1": V1,
    "version-3": "3" + SIGNED[1:],
    "no-signature": SIGNED.rpartition("|")[0] + "|",
    "cut": SIGNED[:-1],
    "longer": SIGNED + "0",
    "upper-case": SIGNED[:-64] + SIGNED[-64:].upper(),
    "bar-behind": SIGNED + "|",
    "quoted": f'"{SIGNED}"',
    "length-lies-short": SIGNED.replace("8:aGVsbG8=", "4:aGVsbG8="),
    "length-lies-long": SIGNED.replace("8:aGVsbG8=", "99999:aGVsbG8="),
    "length-negative": SIGNED.replace("8:aGVsbG8=", "-8:aGVsbG8="),
    "length-blank": SIGNED.replace("8:aGVsbG8=", " 8:aGVsbG8="),
    "length-huge": "2|" + "9" * 4500 + ":",
    "length-arabic": SIGNED.replace("10:17", "1٠:17"),
    "other-alphabet": SIGNED.replace("user", "usér"),
    "surrogate": SIGNED.replace("user", "us\udce9r"),
    "too-long": sign_cookie("user", "x" * 7000, keys=KEYS, now=NOW),
}


@pytest.mark.case(106, 108)
@pytest.mark.parametrize("text", NOT_COOKIES.values(), ids=NOT_COOKIES)
def test_junk_is_no_cookie(text):
    """What is not a signed value of version 2 is as good as absent."""
    assert read(text) is None


RIGHTLY_SIGNED = {
    "version-padded": ["2:07", "10:1700000000", "4:user", "8:aGVsbG8="],
    "version-negative": ["2:-7", "10:1700000000", "4:user", "8:aGVsbG8="],
    "version-empty": ["0:", "10:1700000000", "4:user", "8:aGVsbG8="],
    "version-unknown": ["1:2", "10:1700000000", "4:user", "8:aGVsbG8="],
    "time-empty": ["1:7", "0:", "4:user", "8:aGVsbG8="],
    "time-word": ["1:7", "3:now", "4:user", "8:aGVsbG8="],
    "time-float": ["1:7", "12:1700000000.0", "4:user", "8:aGVsbG8="],
    "name-other": ["1:7", "10:1700000000", "5:user2", "8:aGVsbG8="],
    "value-no-base64": ["1:7", "10:1700000000", "4:user", "8:aGVsbG8!"],
    "value-junk": ["1:7", "10:1700000000", "4:user", "9:aGVs!bG8="],
    "value-cut": ["1:7", "10:1700000000", "4:user", "7:aGVsbG8"],
    "value-no-utf8": ["1:7", "10:1700000000", "4:user", "4:gICA"],
    "three-fields": ["1:7", "10:1700000000", "4:user"],
    "five-fields": ["1:7", "10:1700000000", "4:user", "8:aGVsbG8=", "1:x"],
}


@pytest.mark.case(106, 110)
@pytest.mark.parametrize("fields", RIGHTLY_SIGNED.values(), ids=RIGHTLY_SIGNED)
def test_odd_fields_are_no_cookie(fields):
    """A good signature alone does not help: each field must be what it should be."""
    assert read(signed_by(b"secret-7", fields)) is None


def test_the_table_above_signs_rightly():
    """The same fields without an oddity are read: the table tests what it says."""
    fields = ["1:7", "10:1700000000", "4:user", "8:aGVsbG8="]

    assert "hello" == read(signed_by(b"secret-7", fields))
    assert read(signed_by(b"secret-7", fields, version="3")) is None


@pytest.mark.case(107)
def test_another_name():
    """A value signed for one cookie is worth nothing in another."""
    assert read(SIGNED, name="admin") is None


@pytest.mark.case(109, 111)
@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (-365 * 86400, None),
        (-61, None),
        (-60, "hello"),
        (0, "hello"),
        (A_MONTH, "hello"),
        (A_MONTH + 1, None),
    ],
)
def test_age(age, expected):
    """A cookie is good until its age is reached, and not before it was signed."""
    assert expected == read(SIGNED, now=NOW + age)


@pytest.mark.case(110)
def test_rotation():
    """The newest version signs; older ones are read while they are in the list."""
    old = sign_cookie("user", "hello", keys={1: b"secret-1"}, now=NOW)

    assert SIGNED.startswith("2|1:7|")
    assert "hello" == read(old)
    assert read(old, keys={7: b"secret-7"}) is None
    assert read(old, keys={1: b"secret-other"}) is None


@pytest.mark.case(112)
def test_a_session_cookie_fits():
    """2900 bytes of value stay below what a browser keeps, and are read."""
    value = "x" * 2900
    text = sign_cookie("user", value, keys=KEYS, now=NOW)

    assert len(base64.b64encode(value.encode())) < len(text) < 4096
    assert value == read(text)


@pytest.mark.case(112)
@pytest.mark.parametrize(("length", "is_read"), [(8192, True), (8193, False)])
def test_the_longest(length, is_read):
    """A cookie may be as long as all headers together, and no longer."""
    # The padding is in the name, since base64 grows by four characters at a time.
    name = "u" * (length - len(sign_cookie("", "x" * 5900, keys=KEYS, now=NOW)) - 2)
    text = sign_cookie(name, "x" * 5900, keys=KEYS, now=NOW)

    assert length == len(text)
    assert is_read == (read(text, name=name) is not None)


def test_the_line():
    """The header has exactly the flags that a session cookie needs."""
    expected = "a=1; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
    gone = (
        "a=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
        "HttpOnly; SameSite=Lax"
    )

    assert ("Set-Cookie", expected) == set_cookie("a", "1", max_age=60, secure=True)
    assert ("Set-Cookie", gone) == set_cookie("a", "", max_age=0, secure=False)


def test_the_line_of_a_domain():
    """A cookie for all hosts of a domain names it; one for scripts is not HttpOnly."""
    expected = "a=1; Path=/; Max-Age=60; Domain=example.com; SameSite=Lax"
    made = set_cookie(
        "a", "1", max_age=60, secure=False, domain="example.com", http_only=False
    )

    assert ("Set-Cookie", expected) == made
