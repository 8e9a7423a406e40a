"""The pages are whole: links lead somewhere, and each kind of page keeps its form."""

from __future__ import annotations

import re
from itertools import takewhile

import pytest

from tests.support.documentation import ROOT, code_blocks, pages, rows

README = (ROOT / "README.md").read_text("utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text("utf-8")
SOURCE_MAP = (ROOT / "docs/source-map.md").read_text("utf-8")
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
CHANGES = ("Security", "Removed", "Deprecated", "Added", "Changed", "Fixed")


def without_code(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def links(text):
    """Return where the relative links of a page lead."""
    found = re.findall(r"\]\(([^)\s]+)\)", without_code(text))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def headings(text):
    return re.findall(r"^(#+) (.+)$", without_code(text), re.MULTILINE)


def anchors(text):
    """Return the anchors that the headings get: letters, digits and dashes."""
    kept = [re.sub(r"[^\w\- ]", "", heading.lower()) for _, heading in headings(text)]
    return {each.replace(" ", "-") for each in kept}


def leads_somewhere(page, link):
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    if anchor:
        return target.is_file() and anchor in anchors(target.read_text("utf-8"))
    return target.exists()


def in_chinese(link):
    """Return the link to the Chinese page or picture, or the same if there is none."""
    if link.endswith(".png"):
        return f"{link.removesuffix('.png')}.zh.png"
    path, _, _ = translated = link.replace("docs/", "docs/zh/", 1).partition("#")
    return "".join(translated) if (ROOT / path).is_file() else link


def tree_map(text):
    """Return the paths of the tree map, each below the folder it is indented under.

    A line may name several, apart by one blank; two blanks end them.
    """
    (block,) = code_blocks(text, "")
    paths, folder = [], ""
    for line in block.splitlines():
        names = re.split(" {2,}", line.strip())[0].split(" ")
        folder = folder if line.startswith(" ") else names[0]
        paths += [folder + each if line.startswith(" ") else each for each in names]
    return paths


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """Each relative link to a file, a folder or a heading that is there."""
    found = links(page.read_text("utf-8"))
    dead = [link for link in found if not leads_somewhere(page, link)]

    assert dead == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_line_holds_one_sentence(page):
    """So that a change shows the sentence it changes; tables and code aside."""
    prose = without_code(page.read_text("utf-8")).splitlines()
    lines = [line for line in prose if not re.match(r"\||#|[0-9]+\. \S", line)]

    assert [line for line in lines if re.search(r"[a-z0-9`)]\. [A-Z]|。.", line)] == []


def test_the_map_names_what_is_there():
    """Each path of the tree map, folders with a slash."""
    paths = tree_map(SOURCE_MAP)

    assert len(paths) > 5
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert [p for p in paths if (ROOT / p).is_dir() != p.endswith("/")] == []


@pytest.mark.parametrize("folder", ["functions", "runtime", "host"])
def test_the_map_names_every_package(folder):
    """A reader meets each package of the three folders that are deep."""
    packages = {
        f"{each.parent.relative_to(ROOT)}/"
        for each in (ROOT / folder).glob("*/__init__.py")
    }

    assert packages <= set(tree_map(SOURCE_MAP))


def test_the_chinese_readme_says_the_same():
    """Headings by level, commands, links and rows are those of the English one.

    A link leads to the Chinese page where there is one, and the first to the other.
    """
    levels = [level for level, _ in headings(README)]

    assert [level for level, _ in headings(CHINESE)] == levels
    assert code_blocks(CHINESE, "sh") == code_blocks(README, "sh")
    assert links(README)[0] == "README.zh-CN.md"
    assert links(CHINESE)[0] == "README.md"
    assert links(CHINESE)[1:] == [in_chinese(link) for link in links(README)[1:]]
    assert len(rows(CHINESE)) == len(rows(README))
    assert re.findall(r"`make \w+`", CHINESE) == re.findall(r"`make \w+`", README)


@pytest.mark.parametrize("text", [README, CHINESE], ids=["en", "zh"])
def test_the_readme_fits_two_screens(text):
    """Of fifty lines each."""
    assert len(text.splitlines()) <= 100


def test_every_folder_of_tests_has_its_row():
    """In docs/testing.md, and no row is of a folder that is gone."""
    table = rows((ROOT / "docs/testing.md").read_text("utf-8"))
    files = [file.relative_to(ROOT) for file in ROOT.glob("tests/*/**/*.py")]
    folders = {f"tests/{file.parts[1]}" for file in files}

    assert {row[0].strip("`") for row in table if "." not in row[0]} == folders


def test_decisions_are_numbered():
    """From 0001 on, with no gap and no number twice."""
    numbers = [page.name[:4] for page in DECISIONS]

    assert numbers == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_three_parts(page):
    """Context, Decision, Consequences, none empty, in 20 to 40 lines."""
    text = page.read_text("utf-8")
    parts = re.split(r"^## .+$", text, flags=re.MULTILINE)

    assert re.match(rf"# {int(page.name[:4])}\. \S", text)
    assert [each for level, each in headings(text) if level == "##"] == [
        "Context",
        "Decision",
        "Consequences",
    ]
    assert all(part.strip() for part in parts)
    assert 20 <= len(text.splitlines()) <= 40


def test_the_changelog_keeps_its_form():
    """Unreleased, if at all, on top; known sections in order, each with entries."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    title, *releases = re.split(r"^## ", text, flags=re.MULTILINE)

    assert title.startswith("# Changelog\n")
    assert not any(each.startswith("[Unreleased]") for each in releases[1:])
    for release in releases:
        assert re.match(
            r"\[Unreleased\]\n|\[[0-9.]+\] - [0-9]{4}(-[0-9]{2}){2}\n", release
        )
        _, *sections = re.split(r"^### ", release, flags=re.MULTILINE)
        assert sections
        found = [each.partition("\n")[0] for each in sections]
        assert found == [each for each in CHANGES if each in found]
        for each in sections:
            _, *lines = [line for line in each.splitlines() if line]
            entries = list(takewhile(lambda line: re.match(r"- \S.*\.$", line), lines))
            assert entries == lines != []
