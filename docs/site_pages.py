"""Pages of the documentation's site: those of the repository, at their own paths.

A link of a page leads to the same place on the site as in the repository. MkDocs calls
the functions; `make site` builds.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
CHINESE = ROOT / "docs/zh"
ELSEWHERE = (
    "client/README.md",
    "examples/README.md",
    *("README.md", "README.zh-CN.md", "CHANGELOG.md", "SECURITY.md"),
    "sandbox/README.md",
)
"""Pages outside docs/."""

SECTIONS = {
    "Home": "首页",
    "Pages": "全部页面",
    "Start": "开始",
    "Platforms": "平台",
    "Deploy": "部署",
    "Operate": "运维",
    "Reference": "参考",
}
"""Titles of the sections, for the Chinese half of the navigation."""

_TARGETS = re.compile(r"\]\(([^)#\s]+)")


def on_config(config: Any) -> Any:
    """Add the pages of folders, and the Chinese half of the navigation."""
    sections = [_with_folders(each) for each in config.nav]
    chinese = [each for each in map(_in_chinese, sections) if each]
    named = str(chinese)
    pages = [each.relative_to(ROOT).as_posix() for each in CHINESE.rglob("*.md")]
    alone = sorted(
        each for each in pages if each not in named
    )  # without an English one
    config.nav = [*sections, {"中文": [*chinese, *alone]}]
    return config


def on_files(files: Files, *, config: Any) -> Files:
    """Put each page at its path in the repository, with the files it links to."""
    names = [
        *ELSEWHERE,
        *(f"docs/{each.src_uri}" for each in files.documentation_pages()),
    ]
    linked = {each for name in names for each in _linked_files(name)}
    theme = [each for each in files if each.src_dir != config.docs_dir]
    repository = [
        File.generated(config, name, abs_src_path=str(ROOT / name))
        for name in sorted(linked.union(names))
    ]
    return Files([*theme, *repository])


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Files) -> str:
    """Lead a link to a folder, whose files a repository lists, to its first page."""
    here = (ROOT / page.file.src_uri).parent

    def lead(link: re.Match[str]) -> str:
        folder = here / link[1]
        pages = sorted(folder.glob("*.md")) if folder.is_dir() else []
        index = folder / "index.md"
        first = index if index in pages else next(iter(pages), None)
        return f"]({link[1].rstrip('/')}/{first.name}" if first else link[0]

    return _TARGETS.sub(lead, markdown)


def on_post_page(output: str, *, page: Any, config: Any) -> str:
    """Name the language of a Chinese page, for browsers, fonts and screen readers."""
    chinese = page.file.src_uri.startswith("docs/zh/") or "zh-CN" in page.file.src_uri
    return (
        output.replace('<html lang="en"', '<html lang="zh-CN"') if chinese else output
    )


def _with_folders(section: dict[str, Any]) -> dict[str, Any]:
    ((title, pages),) = section.items()
    if isinstance(pages, str):
        return section
    found = []
    for page in pages:
        folder = ROOT / page.removesuffix(".md")
        within = sorted(folder.glob("*.md")) if folder.is_dir() else []
        found += [page, *(each.relative_to(ROOT).as_posix() for each in within)]
    if title == "Reference":
        found += [
            each.relative_to(ROOT).as_posix()
            for each in sorted((ROOT / "docs/decisions").glob("*.md"))
        ]
    return {title: found}


def _in_chinese(section: dict[str, Any]) -> dict[str, Any]:
    ((title, pages),) = section.items()
    if isinstance(pages, str):
        named = {"README.md": "README.zh-CN.md"}
        return {SECTIONS[title]: named.get(pages, pages.replace("docs/", "docs/zh/"))}
    named = [each.replace("docs/", "docs/zh/", 1) for each in pages]
    found = [each for each in named if "docs/zh/" in each and (ROOT / each).exists()]
    return {SECTIONS[title]: found} if found else {}


def _linked_files(name: str) -> set[str]:
    """Return files, not pages, to which a page links."""
    page = ROOT / name
    targets = _TARGETS.findall(page.read_text("utf-8"))
    found = [(page.parent / each).resolve() for each in targets if ":" not in each]
    return {
        each.relative_to(ROOT).as_posix()
        for each in found
        if each.is_file() and each.suffix != ".md" and each.is_relative_to(ROOT)
    }
