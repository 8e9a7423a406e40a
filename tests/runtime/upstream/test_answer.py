"""Errcodes of answers: read from the bytes, once, and never from a file."""

from __future__ import annotations

import pytest

from runtime.upstream.answer import Answer


class CountedBytes(bytes):
    """A body that counts how often it was decoded, which parsing it begins with."""

    decoded = 0

    def decode(self, *arguments, **named):
        self.decoded += 1
        return super().decode(*arguments, **named)


def answer_of(body, *, kind="text/plain"):
    return Answer(200, (("Content-Type", kind),), body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"errcode":null}',
        b'{"errcode":"ok"}',
        b'{"errcode":[]}',
        b'{"errcode":{}}',
        b'{"errcode":1e999}',
        b'{"errcode":NaN}',
        b'{"errcode":',
        b'"errcode"',
        b'["errcode"]',
        b"",
    ],
)
def test_an_odd_errcode_is_none(body):
    """A value that is no number is no errcode, and raises nothing."""
    assert 0 == answer_of(body).errcode


def test_an_errcode_is_read_from_text_too():
    """Media downloads answer their errors as text."""
    assert 40007 == answer_of(b'{"errcode":40007}', kind="text/plain").errcode


@pytest.mark.parametrize("kind", ["image/jpeg", "Video/mp4", "audio/amr", "voice/amr"])
def test_a_file_has_no_errcode_whatever_its_bytes(kind):
    """Somebody may have uploaded them so; it must cost nobody a token."""
    assert 0 == answer_of(b'{"errcode":40001}', kind=kind).errcode


def test_a_download_has_no_errcode_whatever_its_type():
    """WeChat gives a file name with a download, and never with an error."""
    headers = (("Content-Disposition", 'attachment; filename="a.txt"'),)

    assert 0 == Answer(200, headers, b'{"errcode":40001}').errcode


def test_a_body_is_parsed_once_for_its_errcode():
    """A call asks for it up to four times, and its answer may be large."""
    body = CountedBytes(b'{"errcode":40001,"list":[]}')
    answer = answer_of(body)

    assert [40001] * 4 == [answer.errcode for _ in range(4)]
    assert 1 == body.decoded


def test_repr_shows_no_answer():
    """An answer may hold a token: printed, it shows its status only."""
    assert "Answer(status=200)" == repr(answer_of(b'{"access_token":"hush"}'))
