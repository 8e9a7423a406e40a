"""Results of the deployer's tool `fun` for the template and the files it would send."""

import json
import subprocess

import pytest

from tests.support.fun_fixtures import ROOT

TEMPLATE = (ROOT / "template.yml").read_text()
# The schema knows python3 but not the newer names; everything else is the same.
KNOWN_TO_FUN = TEMPLATE.replace("python3.10", "python3")

LIST_SHIPPED = """
const [ignore, base, ...names] = process.argv.slice(1);
require(ignore).isIgnored(base, 'python3.10').then((ignored) =>
  console.log(JSON.stringify(names.filter((name) => !ignored(base + '/' + name)))));
"""


def test_the_project_validates(validate):
    """A plain `fun validate`, with the .env that lets python3.10 pass."""
    assert (0, "") == validate(ROOT)


def test_the_template_keeps_funs_schema(validate, tmp_path):
    """The template passes the schema that the .env file switches off."""
    (tmp_path / "template.yml").write_text(KNOWN_TO_FUN)

    assert (0, "") == validate(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("Timeout: 20", "Timeuot: 20", id="misspelt"),
        pytest.param("MemorySize: 256", "MemorySize: many", id="wrong type"),
        pytest.param("Protocol: HTTP\n", "Protocol: HTTPS\n", id="protocol"),
        pytest.param("Runtime: python3", "Runtime: python3.10", id="runtime"),
    ],
)
def test_fun_would_find_a_fault(validate, tmp_path, old, new):
    """fun reports a broken template, so its silence counts."""
    assert old in KNOWN_TO_FUN
    (tmp_path / "template.yml").write_text(KNOWN_TO_FUN.replace(old, new))

    assert 255 == validate(tmp_path)[0]


def test_only_what_runs_is_sent(fun):
    """.funignore is a whitelist; fun itself is asked what passes it."""
    shipped = [
        "template.yml",
        "functions",
        "functions/login/index.py",
        "runtime",
        "runtime/pages/templates",
        "runtime/settings.py",
        "locale",
        "locale/zh_CN/LC_MESSAGES/gateway.mo",
        "docs/operating",
        "docs/operating/incidents.md",
        ".fun",
        ".fun/python",
        ".fun/python/lib/python3.10/site-packages/redis/client.py",
        ".fun/python/lib/python3.10/site-packages/__pycache__/six.cpython-310.pyc",
    ]
    left = [
        ".env",
        ".git",
        ".local/secrets.json",
        ".venv/bin/python",
        "Makefile",
        "README.md",
        "bench/any.py",
        "client/any.py",
        "docs/security.md",
        "docs/decisions/0001-fc2-and-fc3.md",
        "functions/login/__pycache__/index.cpython-310.pyc",
        "host/server/application.py",
        "local_host.py",
        "manage.py",
        "management/parser.py",
        "locale/gateway.pot",
        "locale/tornado_extractor.py",
        "locale/zh_CN/LC_MESSAGES/gateway.po",
        "node_modules/x/index.js",
        "pyproject.toml",
        "runtime/.settings.py.swp",
        "runtime/__pycache__/settings.cpython-310.pyc",
        "sandbox/__main__.py",
        "template/served.py",
        "template.override.yml",
        "tests/conftest.py",
        ".fun/build/artifacts/x.py",
    ]
    ignore = fun.resolve().parents[1] / "lib" / "package" / "ignore.js"
    listed = subprocess.run(
        ["node", "-e", LIST_SHIPPED, ignore, ROOT, *shipped, *left],
        capture_output=True,
        timeout=60,
        check=True,
    )

    assert shipped == json.loads(listed.stdout)
