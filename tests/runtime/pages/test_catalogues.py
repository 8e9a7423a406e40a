"""The catalogues say every sentence, and no other."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from runtime.errors import GatewayError
from tests.support.documentation import sources

ROOT = Path(__file__).parents[3]
LOCALE = ROOT / "locale"
PYBABEL = (sys.executable, "-m", "babel.messages.frontend", "-q")
LANGUAGES = ("zh_CN", "zh_TW")
TREES = ("runtime.", "functions.")
FOR_PROGRAMS = {
    *("InvalidClient", "InvalidGrant", "SpentCode", "InvalidScope"),
    *("InvalidToken", "ExpiredToken", "InvalidUserToken", "ExpiredUserToken"),
    *("UnknownMiniProgram", "JsonRequired", "JsCodeSpent", "UserBlocked"),
    *("PairwiseClient", "UnknownMobileApp", "SdkCodeSpent", "OutcomeUnknown"),
    *("NotOfMiniProgram", "NextRefused", "ExpiredLink", "UnknownLink", "WrongToken"),
}
"""Errors of addresses where no user comes: they are said in JSON alone."""
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def extract(target, *sources, cwd=ROOT):
    """Return the sentences Babel finds with the project's own mapping."""
    subprocess.run(
        [*PYBABEL, "extract", "-F", ROOT / "babel.cfg", "-o", target, *sources],
        check=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(LOCALE)},
        timeout=60,
    )
    return {message.id for message in read_catalogue(target) if message.id}


def read_catalogue(path, language=None):
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="gateway", abort_invalid=True)


@pytest.fixture(scope="module", params=LANGUAGES)
def catalogue(request):
    return read_catalogue(
        LOCALE / request.param / "LC_MESSAGES" / "gateway.po", request.param
    )


@pytest.fixture(scope="module")
def sentences(tmp_path_factory):
    return extract(tmp_path_factory.mktemp("pot") / "all.pot", "runtime", "functions")


def test_a_catalogue_has_exactly_our_sentences(catalogue, sentences):
    """Nothing is missing, and nothing is left that nobody says any more."""
    assert sentences == {message.id for message in catalogue if message.id}
    assert {} == catalogue.obsolete


def all_errors():
    """Return every error of ours, wherever it stands."""
    for module, _ in sources("runtime", "functions"):
        importlib.import_module(module)
    found = [GatewayError]
    for error in found:
        found += error.__subclasses__()
    return {each for each in found if each.__module__.startswith(TREES)}


def test_every_error_can_be_translated(sentences):
    """An error's sentence without the mark would be English on every page."""
    unmarked = {e.__name__ for e in all_errors() if e.message not in sentences}

    assert unmarked == FOR_PROGRAMS


def test_nothing_is_half_translated(catalogue):
    """No empty sentence and no guess of a tool's."""
    doubtful = [
        message.id
        for message in catalogue
        if message.id and (message.fuzzy or not message.string.strip())
    ]

    assert [] == doubtful


def test_placeholders_survive_translation(catalogue):
    """A lost or misspelt %(name)s would be a stack instead of a page."""
    changed = [
        message.id
        for message in catalogue
        if message.id
        and sorted(PLACEHOLDER.findall(message.id))
        != sorted(PLACEHOLDER.findall(message.string))
    ]

    assert [] == changed


@pytest.mark.parametrize(
    ("language", "charset"), [("zh_CN", "gb2312"), ("zh_TW", "big5")]
)
def test_each_catalogue_keeps_to_its_script(language, charset):
    """Neither Chinese borrows a character that only the other one writes."""
    catalogue = read_catalogue(LOCALE / language / "LC_MESSAGES" / "gateway.po")
    strange = {
        character
        for message in catalogue
        if message.id
        for character in message.string
        if not character.encode(charset, "ignore")
    }

    assert set() == strange


def test_apostrophes_hide_no_sentence(tmp_path):
    """HTML is no Python: what stands behind an apostrophe is found all the same."""
    templates = tmp_path / "room" / "templates"
    templates.mkdir(parents=True)
    (templates / "frame.html").write_text("<p>{% block text %}{% end %}</p>")
    (templates / "page.html").write_text(
        """{% extends "frame.html" %}{% block text %}it's {{ _("one") }}
        <a title='{{ _("two") }}'>don't</a> {{ _("it's %(n)s") % {"n": 3} }}{% end %}"""
    )

    assert {"one", "two", "it's %(n)s"} == extract(
        tmp_path / "found.pot", "room", cwd=tmp_path
    )
