"""Real tokens in answers that come piece by piece."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.api_calls.real_token import RealToken
from runtime.api_calls.token_search import without_tokens
from runtime.errors import ApiRefused
from runtime.upstream.answer import Answer

TOKEN = RealToken("75_real/token+of=the-app", 7200)
QUOTED = b"75_real%2Ftoken%2Bof%3Dthe-app"
OTHER = RealToken("75_fresh", 7200)


class Rest:
    closed = 0

    def __init__(self, pieces):
        self._pieces = iter(pieces)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._pieces)

    def end(self):
        self._pieces = iter(())

    def close(self):
        self.closed += 1


def cut(content, places):
    """Return the content in pieces that begin at these places."""
    ends = sorted({0, *(place % (len(content) + 1) for place in places), len(content)})
    return [content[a:b] for a, b in pairwise(ends)]


def passed(pieces):
    """Return what is passed on, and whether it was cut."""
    begin, *rest = pieces
    rest, content = Rest(rest), b""
    try:
        answer = without_tokens(Answer(200, (), begin, rest), TOKEN, OTHER)
        content = answer.body
        for piece in answer.rest:
            assert piece
            content += piece
    except ApiRefused:
        assert rest.closed == 1
        return content, True
    return content, False


@given(
    st.sampled_from([TOKEN.value.encode(), QUOTED, OTHER.value.encode()]),
    st.integers(0, 80),
    st.integers(0, 80),
    st.lists(st.integers(0, 300), max_size=12),
)
def test_a_token_never_leaves(text, before, after, places):
    """Wherever pieces end: not a byte of it, and what follows neither."""
    content = b"x" * before + text + b"y" * after
    sent, is_cut = passed(cut(content, places))

    assert is_cut
    assert sent == b"x" * len(sent)
    assert len(sent) <= before


@given(st.binary(min_size=1, max_size=300), st.lists(st.integers(0, 300), max_size=12))
def test_every_other_byte_does(content, places):
    """In order, and to the last one."""
    assert passed(cut(content, places)) == (content, False)


def test_no_piece_follows_a_token():
    """Whoever goes on reading gets nothing."""
    rest = Rest([TOKEN.value.encode(), b"more" * 100])
    answer = without_tokens(Answer(200, (), b"a" * 100, rest), TOKEN)
    with pytest.raises(ApiRefused):
        next(answer.rest)
    rest.end()

    assert list(answer.rest) == []


def test_a_token_in_the_beginning_closes_the_answer():
    """Nothing was passed on by then."""
    rest = Rest([b"more"])
    with pytest.raises(ApiRefused):
        without_tokens(Answer(200, (), QUOTED, rest), TOKEN)

    assert rest.closed == 1
