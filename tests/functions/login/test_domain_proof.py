"""WeChat's domain proofs: only those that an app's document lists."""

from __future__ import annotations

import pytest

from runtime.errors import MethodNotAllowed, NotFound
from tests.support.handles import login as handle
from tests.support.scripted_wechat import SERVICE, WEBSITE, ask, change, header

WORD = "AbCd0123EfGh4567"


@pytest.fixture
def listed(gateway):
    """A gateway, one app of which lists two words."""
    change(gateway, "apps", WEBSITE, mp_verify=["other", WORD])
    return gateway


@pytest.mark.case(128)
def test_a_listed_word(listed):
    """The answer is the word as plain text, which no browser shows as HTML."""
    answer = handle(ask(path=f"/MP_verify_{WORD}.txt"), listed)

    assert (200, WORD.encode()) == (answer.status, answer.body)
    assert "text/plain; charset=utf-8" == header(answer, "Content-Type")
    assert "nosniff" == header(answer, "X-Content-Type-Options")


@pytest.mark.case(128)
@pytest.mark.parametrize(
    "path",
    [
        *("/MP_verify_AbCd0123EfGh4568.txt", "/MP_verify_.txt", f"/MP_verify_{WORD}"),
        *(
            f"/MP_verify_{WORD}.html",
            f"/MP_verify_{WORD}.txt/",
            f"/mp_verify_{WORD}.txt",
        ),
        *(f"/x/MP_verify_{WORD}.txt", "/MP_verify_<script>.txt", "/MP_verify_..txt"),
        *(f"/MP_verify_{'a' * 4000}.txt", f"/MP_verify_{WORD}.txt\n"),
    ],
)
def test_any_other(listed, path):
    """404, so that nobody proves our domain to be theirs."""
    with pytest.raises(NotFound):
        handle(ask(path=path), listed)


@pytest.mark.case(128)
def test_a_word_that_is_taken_back(listed):
    """It ends when the app's document changes, and not before."""
    change(listed, "apps", SERVICE, mp_verify=[WORD])
    change(listed, "apps", WEBSITE, mp_verify=[])
    assert handle(ask(path=f"/MP_verify_{WORD}.txt"), listed).status == 200
    change(listed, "apps", SERVICE, mp_verify=[])

    with pytest.raises(NotFound):
        handle(ask(path=f"/MP_verify_{WORD}.txt"), listed)


def test_it_is_only_read(listed):
    """A POST is refused."""
    with pytest.raises(MethodNotAllowed):
        handle(ask("POST", f"/MP_verify_{WORD}.txt"), listed)
