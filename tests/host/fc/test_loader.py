"""Loading of handlers, and the names of its errors."""

import sys
from pathlib import Path

import pytest

from host.fc.loader import LoadError, load_handler

FINE = "def handler(environ, start_response):\n    return 'fine'\n"


@pytest.fixture(autouse=True)
def _import_state():
    """Leave no module and no path behind."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def write(root: Path, name: str, text: str = FINE):
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    ("files", "handler"),
    [
        pytest.param(["functions/a/index.py"], "functions/a/index.handler", id="path"),
        pytest.param(["index.py"], "index.handler", id="at the root"),
        pytest.param(
            ["p/__init__.py", "p/q/__init__.py", "p/q/index.py"],
            "p.q.index.handler",
            id="dotted, of packages",
        ),
        pytest.param(
            ["d/p/__init__.py", "d/p/index.py"], "d/p.index.handler", id="mixed"
        ),
    ],
)
def test_a_handler_is_loaded_by_its_path(tmp_path, files, handler):
    """A directory needs no __init__.py, but a dotted name does."""
    for file in files:
        write(tmp_path, file, "" if file.endswith("__init__.py") else FINE)

    assert "fine" == load_handler(tmp_path, handler)({}, None)


@pytest.mark.parametrize(
    ("text", "handler", "error_type"),
    [
        pytest.param(FINE, "handler", "InvalidHandleName", id="no dot"),
        pytest.param(FINE, ".handler", "InvalidHandleName", id="no module"),
        pytest.param(FINE, "f/index.", "InvalidHandleName", id="no name"),
        pytest.param(FINE, "f/other.handler", "ImportModuleError", id="no file"),
        pytest.param(FINE, "f.index.handler", "ImportModuleError", id="no package"),
        pytest.param(FINE, "f/index.other", "HandlerNotFound", id="no such name"),
        pytest.param(
            "handler = 3", "f/index.handler", "HandlerNotFound", id="a number"
        ),
        pytest.param(
            "import no_such_module", "f/index.handler", "ImportModuleError", id="import"
        ),
        pytest.param(
            "from . import x", "f/index.handler", "ImportModuleError", id="relative"
        ),
        pytest.param("def", "f/index.handler", "UserCodeSyntaxError", id="syntax"),
        pytest.param("1 / 0", "f/index.handler", "UserCodeError", id="other error"),
        pytest.param(
            "raise SystemExit", "f/index.handler", "UserCodeError", id="leaves"
        ),
    ],
)
def test_a_fault_has_fcs_name(tmp_path, text, handler, error_type):
    """The caller gets FC's name of the error."""
    write(tmp_path, "f/index.py", text)

    with pytest.raises(LoadError) as caught:
        load_handler(tmp_path, handler)
    assert error_type == caught.value.error_type


def test_only_the_root_is_on_the_path(tmp_path):
    """A function can import from the root, not from its own directory."""
    write(tmp_path, "f/index.py", FINE)
    before = list(sys.path)
    load_handler(tmp_path, "f/index.handler")
    load_handler(tmp_path, "f/index.handler")

    assert [str(tmp_path), *before] == sys.path


def test_the_module_is_named_like_its_path(tmp_path):
    """The module's name is its path, with slashes, and it has no package."""
    write(tmp_path, "f/index.py", "def handler():\n    return __name__, __package__\n")

    assert ("f/index", "") == load_handler(tmp_path, "f/index.handler")()
    assert "f/index" in sys.modules


def test_a_module_that_failed_can_be_loaded_once_mended(tmp_path):
    """A failed import is not remembered."""
    write(tmp_path, "f/index.py", "1 / 0")
    with pytest.raises(LoadError):
        load_handler(tmp_path, "f/index.handler")
    assert "f/index" not in sys.modules
    write(tmp_path, "f/index.py", FINE + "# mended, and of another length\n")

    assert "fine" == load_handler(tmp_path, "f/index.handler")({}, None)
