"""Files are known by their first bytes, and each kind of upload takes some of them."""

import pytest

from sandbox.call import Part
from sandbox.catalogue.media_files import (
    IN_ARTICLES,
    PERMANENT,
    TEMPORARY,
    extension,
    rule_for,
)
from sandbox.errors import WeChatError

STARTS = {
    "jpg": b"\xff\xd8\xff",
    "jpeg": b"\xff\xd8\xff",
    "png": b"\x89PNG\r\n\x1a\n",
    "gif": b"GIF8",
    "bmp": b"BM",
    "amr": b"#!AMR",
    "mp3": b"ID3",
    "mp4": b"\0\0\0\x18ftyp",
}
RULES = {
    **{f"temporary {kind}": rule for kind, rule in TEMPORARY.items()},
    **{f"permanent {kind}": rule for kind, rule in PERMANENT.items()},
    "in articles": IN_ARTICLES,
}


def outcome(rule, suffix, body):
    """Return the content type, or the errcode of the refusal."""
    try:
        return rule.content_type(Part(f"a.{suffix}", "", body))
    except WeChatError as error:
        return error.errcode


@pytest.mark.parametrize(
    ("name", "suffixes"),
    [
        ("temporary image", "png jpeg jpg gif"),
        ("temporary voice", "amr mp3"),
        ("temporary video", "mp4"),
        ("temporary thumb", "jpg jpeg"),
        ("permanent image", "bmp png jpeg jpg gif"),
        ("permanent voice", "amr mp3"),
        ("permanent video", "mp4"),
        ("permanent thumb", "jpg jpeg"),
        ("in articles", "jpg jpeg png"),
    ],
)
def test_each_kind_takes_its_formats_and_no_other(name, suffixes):
    """A file passes if name, first bytes and kind agree."""
    passed = {
        suffix
        for suffix, start in STARTS.items()
        if isinstance(outcome(RULES[name], suffix, start + b"\0"), str)
    }

    assert set(suffixes.split()) == passed


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_file_that_is_not_what_it_says_is_refused(name):
    """An image so has another code than a recording or a video."""
    rule = RULES[name]
    errcode = 40005 if name.endswith(("voice", "video")) else 40137
    codes = {outcome(rule, suffix, b"something else") for suffix in rule.formats}

    assert {errcode} == codes


@pytest.mark.parametrize(
    ("name", "most", "errcode"),
    [
        ("temporary image", 10_485_760, 40009),
        ("temporary voice", 2_097_152, 40010),
        ("temporary video", 10_485_760, 40011),
        ("temporary thumb", 65_536, 40012),
        ("permanent image", 10_485_760, 40009),
        ("in articles", 1_048_576, 40006),
    ],
)
def test_each_kind_has_its_size(name, most, errcode):
    """The largest file passes, one byte more does not."""
    rule = RULES[name]
    suffix = rule.formats[-1]
    largest = STARTS[suffix].ljust(most, b"\0")

    assert isinstance(outcome(rule, suffix, largest), str)
    assert errcode == outcome(rule, suffix, largest + b"\0")


@pytest.mark.parametrize(
    ("start", "is_mp3"),
    [
        (b"ID3", True),
        (b"\xff\xfb", True),
        (b"\xff\xe0", True),
        (b"\xff\xdf", False),
        (b"\xfe\xfb", False),
        (b"\xff", False),
    ],
)
def test_an_mp3_begins_with_a_tag_or_a_frame(start, is_mp3):
    """A frame begins with eleven set bits."""
    assert ("audio/mp3" if is_mp3 else 40005) == outcome(
        TEMPORARY["voice"], "mp3", start
    )


def test_an_extension_is_needed_in_either_case():
    """Capital letters are as good; a name without one lacks the media."""
    assert extension(Part("书.JPG", "", b"")) == "jpg"
    for filename in ("jpg", "jpg."):
        with pytest.raises(WeChatError) as refused:
            extension(Part(filename, "", b""))
        assert refused.value.errcode == 41005


def test_an_unknown_type_has_no_rule():
    """Whatever the rules, a type is one of theirs."""
    with pytest.raises(WeChatError) as refused:
        rule_for("wave", TEMPORARY)
    assert refused.value.errcode == 40004
