"""Content-Disposition, as WeChat writes it and as SDKs read it."""

from __future__ import annotations

import re
from email.message import Message
from urllib.parse import unquote

import pytest

from functions.wechat_api.answer_headers import headers_down, repaired

EASYWECHAT = re.compile(r'filename="(?P<filename>.*?)"')
WXJAVA = re.compile(r'.*filename="(.*)"')
"""They match with `preg_match`, anywhere, and with `matches()`, the whole value."""


def raw(text, encoding="utf-8"):
    """Return a header's value as it is read from the wire."""
    return text.encode(encoding).decode("latin-1")


PLAIN = [
    'attachment; filename="MEDIA_ID.jpg"',
    "attachment; filename=MEDIA_ID.jpg",
    'attachment;filename="a b.jpg"',
    'Attachment; Filename="a.jpg"; size=3',
    "attachment; filename*=UTF-8''%E5%9B%BE.jpg",
    'inline; filename="a.jpg"',
    "attachment",
]


@pytest.mark.parametrize("value", PLAIN)
@pytest.mark.parametrize("name", ["Content-disposition", "Content-Disposition"])
def test_a_name_in_ascii_arrives_as_it_came(name, value):
    """The header's spelling included; and once more, where FC drops the first."""
    sent = headers_down(((name, value),))

    assert sent[:2] == ((name, value), ("X-Gateway-Content-Disposition", value))


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize(
    ("value", "name"),
    [
        ('attachment; filename="照片 1.jpg"', "照片 1.jpg"),
        ("attachment; filename=照片.jpg", "照片.jpg"),
        ('attachment;filename="照片.jpg"', "照片.jpg"),
        ('ATTACHMENT; FileName = "照片.jpg" ; size=3', "照片.jpg"),
        (r'attachment; filename="照\"片.jpg"', '照"片.jpg'),
        ('attachment; filename="照;片.jpg"', "照;片.jpg"),
        ('attachment; filename*=UTF-8a.jpg; filename="照片.jpg"', "照片.jpg"),
    ],
)
def test_another_name_is_repaired(value, name, encoding):
    """RFC 6266 in ASCII: a standard reader finds the name, an SDK a plain one."""
    sent = repaired(raw(value, encoding))
    message = Message()
    message["Content-Disposition"] = sent

    assert sent.isascii()
    assert sent.lower().startswith("attachment")
    assert sent.lower().count("filename*=") == 1
    assert message.get_filename() == name or "filename*=" in sent
    assert message.get_content_disposition() == "attachment"
    encoded = sent.partition("filename*=UTF-8''")[2].partition(";")[0]
    assert unquote(encoded) == name
    for reader in (EASYWECHAT.search(sent), WXJAVA.fullmatch(sent)):
        assert reader[1].endswith(".jpg")
        assert set(reader[1]) <= set("_ ;1.jpg")
    if "size" in value:
        assert "size=3" in sent


@pytest.mark.parametrize(
    "value",
    [
        raw("附件"),
        raw('attachment; name="图"'),
        raw('attachment; filename="图'),
        'attachment; filename="\xff\xfe.jpg"',
        raw("attachment; filename=") + "\u0080\r\nSet-Cookie: a=b",
    ],
)
def test_what_cannot_be_repaired_is_harmless(value):
    """Printable ASCII remains in any case."""
    assert re.fullmatch("[ -~]+", repaired(value))
