"""Language of the command line, and the translation of what it prints.

A sentence with values, such as that of a refusal, comes as English text, also from the
function admin: it is translated by the sentence in the catalogue that it fits, in which
`{1}` and `{2}` stand for values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from gettext import GNUTranslations
from itertools import starmap
from pathlib import Path

from runtime.pages.languages import CATALOGUES, known_language

_PLACES = ((CATALOGUES, "gateway"), (Path(__file__).parent / "locale", "manage"))
"""Folders and names of the catalogues: that of the pages has the gateway's errors."""

_HEADING = "heading\x04"
"""How a catalogue's key begins that is the name of a field."""

_APPID = "APPID"

_HOLE = re.compile(r"\{([1-9])\}")

_NAMED = re.compile(r"%\(([a-z]+)\)[sd]")
"""A value in a sentence of the pages' catalogue."""

_ENDS = (re.compile(r"(?!)"), re.compile(r"(?<=\.) (?=[A-Z])"), re.compile("(?<=;) "))
"""Where a text is not divided, and where it is."""

_MARKS = {".": "。", ";": "；", "": ""}

_BETWEEN_WIDE = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")

_SETTING = re.compile(r"([A-Z][A-Z0-9_]{2,}) ([^ ].*)")

_LIST = re.compile(r"([^ ]+) (and the|and|or) (.+)")


def N_(sentence: str) -> str:
    """Mark for the catalogues what has no blank; it is translated when printed."""
    return sentence


AND_THE = N_("{1} and the {2}")

JOINS = (N_("{1} or {2}"), N_("{1} and {2}"), AND_THE)


def language_of(environ: Mapping[str, str]) -> str:
    """Return the language that the locale asks for, in the order of gettext.

    LANGUAGE has several, the most preferred first, and counts unless the locale is that
    of no country, C or POSIX. English is for all others.
    """
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environ[name] for name in names if environ.get(name)), "")
    if locale in ("C", "POSIX"):
        return "en"
    asked = (environ.get("LANGUAGE") or locale).split(":")
    tags = (re.split(r"[.@]", each)[0] for each in asked)
    return next(filter(None, map(known_language, tags)), "en")


class Words:
    """The words of one language; in English all stays as it is."""

    def __init__(self, language: str, catalogue: Mapping[str, str]) -> None:
        self.language = language
        self._catalogue = catalogue
        self._forms: list[tuple[re.Pattern[str], str]] | None = None

    def __call__(self, sentence: str) -> str:
        """Return the sentence in this language, or as it is if it is not known."""
        if not self._catalogue or not sentence.strip():
            return sentence
        for end in _ENDS:  # several in a row, or what another one is put before
            parts = end.split(sentence)
            known = [self._sentence(part) for part in parts]
            if None not in known:
                return "".join(filter(None, known))
        return sentence

    def _sentence(self, part: str) -> str | None:
        """Return a sentence, or what is said of a setting; None if it is unknown."""
        if found := self._translated(part):
            return found
        setting = _SETTING.fullmatch(part)
        for start, fault in [("", part), setting.groups() if setting else ("", "")]:
            for ending in (".", ";", ""):
                known = self._translated(fault.removesuffix(ending)) if fault else None
                if known and (ending or start):
                    joint = f"{start} {known}" if start else known
                    return joint.rstrip("。") + _MARKS[ending]
        return None

    def filled(self, sentence: str, *values: object) -> str:
        """Return a sentence of ours with these values."""
        form = self._catalogue.get(sentence, sentence)
        text = _HOLE.sub(lambda hole: str(values[int(hole[1]) - 1]), form)
        return _BETWEEN_WIDE.sub("", text)

    def heading(self, field: str) -> str:
        """Return the name of a field for people."""
        return self._catalogue.get(_HEADING + field, field)

    def _translated(self, sentence: str) -> str | None:
        if found := self._catalogue.get(sentence):
            return found
        for form, translation in self._all_forms():
            if match := form.fullmatch(sentence):
                return self._with_values(translation, match.groups())
        return None

    def _with_values(self, translation: str, values: tuple[str, ...]) -> str:
        def value(hole: re.Match[str]) -> str:
            return self._value(values[int(hole[1]) - 1])

        return _BETWEEN_WIDE.sub("", _HOLE.sub(value, translation))

    def _value(self, text: str) -> str:
        stripped = text.strip()
        if not stripped:
            return text
        if found := self._translated(stripped):
            return text.replace(stripped, found)
        if joined := _LIST.fullmatch(text):
            form = f"{{1}} {joined[2]} {{2}}"
            return self.filled(form, joined[1], self._value(joined[3]))
        return text

    def _all_forms(self) -> Iterator[tuple[re.Pattern[str], str]]:
        if self._forms is None:
            self._forms = _forms(self._catalogue)
        yield from self._forms


ENGLISH = Words("en", {})


def words_of(language: str) -> Words:
    """Return the words of a language, from the catalogues that are compiled here."""
    return Words(language, {} if language == "en" else catalogue_of(language))


@lru_cache(maxsize=2)
def catalogue_of(language: str) -> Mapping[str, str]:
    """Return the translations of a language, {} where none is compiled."""
    found: dict[str, str] = {}
    for folder, name in _PLACES:
        file = folder / language / "LC_MESSAGES" / f"{name}.mo"
        if file.is_file():
            with file.open("rb") as stream:
                # The module has no other way to all of a catalogue.
                messages = vars(GNUTranslations(stream))["_catalog"]
            found |= dict(starmap(_numbered, messages.items()))
    return {key: value for key, value in found.items() if key and value}


def _numbered(sentence: str, translation: str) -> tuple[str, str]:
    """Return both with `{1}` for the first value that the sentence names, and so on."""
    names = dict.fromkeys(_NAMED.findall(sentence))
    for number, name in enumerate(names, 1):
        hole = f"{{{number}}}"
        sentence = sentence.replace(f"%({name})s", hole).replace(f"%({name})d", hole)
        translation = translation.replace(f"%({name})s", hole)
        translation = translation.replace(f"%({name})d", hole)
    return sentence, translation


def _forms(catalogue: Mapping[str, str]) -> list[tuple[re.Pattern[str], str]]:
    """Return a pattern for each sentence with values, the one with most words first."""
    found = []
    for sentence, translation in catalogue.items():
        if _APPID in sentence and "{" not in sentence:
            # An operation puts the app in its place.
            sentence = sentence.replace(_APPID, "{1}")
            translation = translation.replace(_APPID, "{1}")
        parts = _HOLE.split(sentence)[::2]
        least = 8 if parts[0] == "" else 5
        if len(parts) > 1 and len("".join(parts)) >= least and sentence not in JOINS:
            form = "(.*?)".join(map(re.escape, parts))
            # What comes first is a name; before a semicolon another sentence would end.
            form = re.sub(r"^\(\.\*\?\)", "([^;]*?)", form)
            pattern = re.compile(form, re.DOTALL)
            found.append((len("".join(parts)), pattern, translation))
    found.sort(key=lambda each: -each[0])
    return [(pattern, translation) for _, pattern, translation in found]
