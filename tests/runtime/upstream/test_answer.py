"""Errcodes of answers: read from the bytes, once, and never from a file."""

from __future__ import annotations

import pytest

from runtime.upstream.answer import PARSED_AT_ONCE, Answer


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


ROW = '{"errcode":40001,"name":"名字","text":",\\"errcode\\":40001}"}'
LIST = f'"list":[{",".join([ROW] * 2000)}]'
LARGE = {
    "in front": (f'{{"errcode":45009,"errmsg":"x",{LIST}}}', 45009, 0),
    "in front, zero": (f'{{"errcode":0,"errmsg":"ok",{LIST}}}', 0, 0),
    "in front, spaced": (f' {{ "errmsg" : "ok" ,\n"errcode" : 7 , {LIST} }}', 7, 0),
    "in front, as text": (f'{{"errcode":"45009",{LIST}}}', 45009, 0),
    "behind": (f'{{{LIST},"errcode":45009,"errmsg":"x"}}', 45009, 0),
    "behind, alone": (f'{{{LIST} , "errcode": 45009}}\n', 45009, 0),
    "behind, among others": (f'{{{LIST},"a":-1.5e3,"errcode":-1,"b":null}}', -1, 0),
    "behind, as text": (f'{{{LIST},"errcode":"45009"}}', 45009, 1),
    "behind, an escape after": (f'{{{LIST},"errcode":7,"errmsg":"\\""}}', 7, 1),
    "between": (f'{{{LIST},"errcode":45009,"more":{{{LIST}}}}}', 45009, 1),
    "in rows": (f"{{{LIST}}}", 0, 1),
    "in a last object": (f'{{{LIST},"last":{{"a":1,"errcode":40001}}}}', 0, 1),
    "in a last text": (f'{{{LIST},"last":",\\"errcode\\":40001}}"}}', 0, 1),
    "of a key": (f'{{"a":"errcode",{LIST},"b":"errcode"}}', 0, 1),
    "in a first object": (f'{{"first":{ROW},{LIST}}}', 0, 1),
    "no object": (f'{{{LIST},"errcode":45009]', 0, 1),
}


@pytest.mark.parametrize(("text", "errcode", "parsed"), LARGE.values(), ids=LARGE)
def test_the_errcode_of_a_large_answer(monkeypatch, text, errcode, parsed):
    """The outer object's own, as a parser finds it; at its ends, without parsing."""
    times = []
    read = Answer.json
    monkeypatch.setattr(Answer, "json", lambda self: times.append(1) or read(self))
    body = text.encode()

    assert PARSED_AT_ONCE < len(body)
    assert (errcode, parsed) == (answer_of(body).errcode, len(times))


def test_a_number_at_the_cut_is_read_whole():
    """Wherever the part that is read first ends."""
    for length in range(16340, 16400):
        text = f'{{"a":"{"x" * length}","errcode":45009,{LIST}}}'
        assert 45009 == answer_of(text.encode()).errcode, length


def test_a_large_answer_is_no_deep_recursion():
    """Brackets without end are no errcode."""
    body = b'{"a":' + b"[" * 100_000 + b',"errcode"'

    assert 0 == answer_of(body).errcode
