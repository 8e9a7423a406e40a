"""Loader of handlers by path and name, as FC's Python runtime loads them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from host.fc.answer import Handler


class LoadError(Exception):
    """The handler cannot be loaded; `error_type` is FC's name for the reason."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


def load_handler(root: Path, handler: str) -> Handler:
    """Return what `directory/module.name` names below `root`; else LoadError.

    The module's name is its path, so it has no package and no relative imports. `root`
    is the first entry of sys.path, never the module's directory.
    """
    path, dot, name = handler.rpartition(".")
    if not (dot and path and name):
        raise LoadError("InvalidHandleName", f"'{handler}' is not module.name")
    if sys.path[0] != str(root):
        sys.path.insert(0, str(root))
    module = _load(path, _file_of(root, path))
    found: Handler | None = getattr(module, name, None)
    if not callable(found):
        raise LoadError("HandlerNotFound", f"'{name}' is missing in '{path}'")
    return found


def _file_of(root: Path, path: str) -> Path:
    directory, _, dotted = path.rpartition("/")
    *packages, module = dotted.split(".")
    folder = root / directory
    for package in packages:
        folder /= package
        if not (folder / "__init__.py").is_file():
            raise LoadError("ImportModuleError", f"'{package}' is not a package")
    return folder / f"{module}.py"


def _load(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise LoadError("ImportModuleError", f"there is no module '{name}'")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, (Exception, SystemExit)):
            raise LoadError(_type_of(error), f"'{name}' failed") from error
        raise
    return module


def _type_of(error: BaseException) -> str:
    if isinstance(error, ImportError):
        return "ImportModuleError"
    return "UserCodeSyntaxError" if isinstance(error, SyntaxError) else "UserCodeError"
