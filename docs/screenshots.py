"""Pictures of the READMEs: the sign-in page beside the phone that scans it.

`make run` in one terminal, `python docs/screenshots.py` of the same environment in
another. Writes docs/images/sign-in.png, and sign-in.zh.png
in Chinese.
"""

from __future__ import annotations

import argparse
import base64
import shutil
from argparse import Namespace
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
HEIGHT = 940
DESKTOP, PHONE = (760, HEIGHT), (390, HEIGHT)
SCALE = 1.25

FRAME = """<!doctype html><style>
body {{ margin: 0; padding: 32px; display: flex; gap: 32px; background: #e7ecea }}
img {{ border-radius: 12px; box-shadow: 0 4px 24px rgb(0 0 0 / 20%); height: {}px }}
</style><img src="{}"><img src="{}">"""


def main() -> None:
    """Sign in as far as the phone's question, and take both pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", default="http://127.0.0.1:8080")
    parser.add_argument("--sandbox", default="http://127.0.0.1:8001")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        IMAGES.mkdir(exist_ok=True)
        for language, suffix in (("en", ""), ("zh", ".zh")):
            _take(browser, options, language, IMAGES / f"sign-in{suffix}.png")
        browser.close()


def _take(browser: Browser, options: Namespace, language: str, to: Path) -> None:
    code = "zh_CN" if language == "zh" else language
    desktop = _open(browser, DESKTOP, f"{options.gateway}/login?lang={code}")
    desktop.wait_for_timeout(1500)  # the QR code is in a frame of the platform's
    phone = _open(browser, PHONE, f"{options.sandbox}/_sandbox/phone?lang={language}")
    pictures = [_data(each.screenshot()) for each in (desktop, phone)]
    width = sum(size[0] for size in (DESKTOP, PHONE)) + 3 * 32
    both = browser.new_page(
        viewport={"width": width, "height": HEIGHT + 64}, device_scale_factor=SCALE
    )
    both.set_content(FRAME.format(HEIGHT, *pictures))
    both.screenshot(path=to)
    for page in (desktop, phone, both):
        page.close()


def _open(browser: Browser, size: tuple[int, int], url: str) -> Page:
    width, height = size
    page = browser.new_page(
        viewport={"width": width, "height": height},
        device_scale_factor=SCALE,
        locale="en-US",
        color_scheme="light",
    )
    page.goto(url)
    return page


def _data(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()


if __name__ == "__main__":
    main()
