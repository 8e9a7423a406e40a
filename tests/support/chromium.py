"""A real Chromium; the tests say so where there is none."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager

import pytest

IPHONE_WECHAT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50 Language/zh_CN"
)
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def chromium():
    """Give a headless Chromium that talks to this machine only."""
    path = _path()
    if path is None:
        assert "CI" not in os.environ, "CI has no Chromium: .ci/run installs one"
        pytest.skip("no Chromium on PATH: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(_ARGUMENTS)
        )
        yield browser
        browser.close()


class OwnBrowser:
    """A Chromium beside `browser`, with a user-data-dir and cookies of its own."""

    def __init__(self, browser, folder):
        self._browser, self._folder = browser, folder

    def new_context(self, **looks):
        """Start it."""
        return self._browser.browser_type.launch_persistent_context(
            self._folder, executable_path=_path(), args=list(_ARGUMENTS), **looks
        )


class BrowserOfProfile:
    """A Chromium beside `browser` with settings of its own; `folder` is its."""

    def __init__(self, browser, folder, settings):
        self._browser, self._folder, self._settings = browser, folder, settings

    def new_context(self, **looks):
        """Start it; a context of a browser that runs cannot have such settings."""
        preferences = self._folder / "Default" / "Preferences"
        preferences.parent.mkdir()
        preferences.write_text(json.dumps(self._settings))
        return self._browser.browser_type.launch_persistent_context(
            self._folder, executable_path=_path(), args=list(_ARGUMENTS), **looks
        )


def cookie_refuser(browser, folder):
    """Return a Chromium that blocks all cookies."""
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    return BrowserOfProfile(browser, folder, blocked)


def _path():
    return shutil.which("chromium") or shutil.which("google-chrome")
