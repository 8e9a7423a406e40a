"""Imports: which module may import which, and what an import may cost."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.documents.redis_copies import DocumentCopies
from runtime.state.redis_store import RedisStore
from tests.support.documentation import syntax_tree
from tests.support.ports import free_port

ROOT = Path(__file__).parents[1]
TREES = (
    *("client", "deploy", "examples", "functions", "host", "local_host"),
    "local_settings",
    *("manage", "management", "runtime", "sandbox", "template"),
)
ALLOWED = {
    "client": {"client", "tornado"},
    "deploy": {"deploy", "management", "runtime", "template"},
    "examples": {"examples", "client", "tornado"},
    "functions": {"functions", "runtime", "tornado.template"},
    "host": {"host", "local_settings", "runtime", "template", "tornado"},
    "local_host": {"local_host", "host", "runtime", "template", "tornado"},
    "local_settings": {"local_settings", "runtime"},
    "manage": {"manage", "management"},
    "management": {"management", "local_settings", "runtime"},
    "runtime": {"runtime", "tornado.template"},
    "sandbox": {"sandbox", "tornado"},
    "template": {"template"},
}
"""Of our own code and of Tornado; the host loads functions as FC does, by path."""

PACKAGES = {
    "entry": "gateway health pages web errors version",
    "broker": "gateway settings registry tokens sign_in state usage wecom pages web "
    "crypto errors",
    "operations": "gateway alerts push registry documents custody upstream sign_in "
    "usage wechat wecom api_calls crypto errors version",
    "gateway": "parts wechat health settings",
    "parts": "alerts wechat wecom api_calls push tokens registry settings custody "
    "documents upstream sign_in usage state crypto errors",
    "alerts": "push registry upstream state errors",
    "wechat": "api_calls upstream custody registry documents state crypto web errors",
    "wecom": "api_calls upstream custody registry documents state crypto web errors",
    "api_calls": "upstream custody registry web errors",
    "push": "upstream registry usage state crypto web errors",
    "tokens": "sign_in registry state crypto errors",
    "registry": "documents state web crypto errors",
    "health": "documents state errors version",
    "settings": "setting_values crypto errors",
    "setting_values": "upstream state web crypto errors",
    "custody": "state errors",
    "documents": "state crypto errors",
    "upstream": "web errors",
    "sign_in": "state web crypto errors",
    "pages": "web errors",
    "usage": "state web crypto errors",
    "web": "crypto errors",
    "state": "errors",
    "crypto": "",
    "errors": "",
    "version": "",
    "host.tick": "host.server host.fc host.cannot_start",
    "host.startup_check": "host.cannot_start",
    "host.stand_in_redis": "",
    "host.developer": "host.processes host.cannot_start",
    "host.server": "host.fc host.processes host.cannot_start",
    "host.fc": "host.cannot_start",
    "host.processes": "host.cannot_start",
    "host.cannot_start": "",
}
"""Which package or module of runtime and host may import which, from the top down.

A name without a dot stands in runtime. docs/architecture.md shows the rows of runtime.
"""

ON_DEMAND = {"boto3", "botocore", "cryptography", "defusedxml", "joserfc", "tornado"}
"""What a cold start must not pay for: imported in the function that needs it."""

HEAVY = ON_DEMAND | {"redis", "urllib3", "requests"}

PROBE = """
import importlib.util, json, os, sys
file, heavy = sys.argv[1], sys.argv[2].split()
names = set()
class Watched(type(os.environ)):
    def __getitem__(self, name):
        names.add(name)
        return super().__getitem__(name)
    def __iter__(self):
        names.add('*')
        return super().__iter__()
os.environ.__class__ = Watched
spec = importlib.util.spec_from_file_location('probed', file)
sys.modules['probed'] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(json.dumps([sorted(names), sorted(set(heavy) & set(sys.modules))]))
"""


def sources():
    for tree_name in TREES:
        yield from sorted(ROOT.glob(f"{tree_name}/**/*.py"))
    yield ROOT / "local_host.py"
    yield ROOT / "manage.py"


def tree_of(name):
    return name.partition(".")[0]


def imports_of(file):
    """Yield (name, line, whether it happens when the module is imported)."""
    tree = syntax_tree(file)
    late = set()
    for node in ast.walk(tree):
        is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if is_function or _is_for_types(node):
            late.update(map(id, ast.walk(node)))
    for node in ast.walk(tree):
        for name in _names(node):
            yield name, node.lineno, id(node) not in late


def every_import_of(file):
    """Yield (module or name in it, line): lazy, type-only and late() ones as well."""
    for node in ast.walk(syntax_tree(file)):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "late":
            yield node.args[0].value, node.lineno


def package_of(name):
    """Return the row of PACKAGES that a module belongs to, None where it has none."""
    tree, _, rest = name.partition(".")
    first = rest.partition(".")[0]
    if tree == "runtime" and first:
        return first
    return f"host.{first}" if tree == "host" and first else None


def module_of(file):
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


def _is_for_types(node):
    return isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"


def _names(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "a relative import works nowhere on FC"
        return [node.module]
    return []


FILES = list(sources())
DEPLOYED = [
    file
    for file in FILES
    if file.relative_to(ROOT).parts[0] in ("functions", "runtime")
]


def each_of(files):
    names = [str(file.relative_to(ROOT)) for file in files]
    return pytest.mark.parametrize("file", files, ids=names)


FUNCTIONS = sorted(ROOT.glob("functions/*/index.py"))


def test_there_is_something_to_check():
    """A rule about no file would always hold."""
    trees = {"functions", "host", "local_host.py", "manage.py", "runtime", "sandbox"}

    assert trees <= {file.relative_to(ROOT).parts[0] for file in FILES}


@each_of(FILES)
def test_a_tree_imports_what_it_may(file):
    """functions to runtime, the host to both by its own way, the sandbox nothing."""
    tree_name = file.relative_to(ROOT).parts[0].removesuffix(".py")
    faults = [
        f"line {line}: {name}"
        for name, line, _ in imports_of(file)
        if tree_of(name) in (*TREES, "tornado", "tests")
        if not any(_within(name, allowed) for allowed in ALLOWED[tree_name])
    ]

    assert [] == faults


def _within(name, allowed):
    return name == allowed or name.startswith(allowed + ".")


def test_the_table_names_every_package():
    """A row for each, none for what is gone, and every import goes down."""
    found = {package_of(module_of(file)) for file in FILES} - {None, "__init__"}
    found.discard("host.__init__")
    rows = list(PACKAGES)
    upwards = [
        (row, each)
        for place, row in enumerate(rows)
        for each in PACKAGES[row].split()
        if each not in rows[place + 1 :]
    ]

    assert found == set(PACKAGES)
    assert upwards == []


PLACED = [file for file in FILES if package_of(module_of(file)) in PACKAGES]


@each_of(PLACED)
def test_a_package_imports_what_its_row_names(file):
    """At the top of a module, in a function, for types and by late() alike."""
    own = package_of(module_of(file))
    allowed = {own, *PACKAGES[own].split(), None}
    faults = [
        f"line {line}: {name}"
        for name, line in every_import_of(file)
        if package_of(name) not in allowed
        if tree_of(name) == tree_of(module_of(file))
    ]

    assert faults == []


@each_of([file for file in DEPLOYED if file.name == "__init__.py"])
def test_a_package_says_what_it_owns(file):
    """Its __init__.py holds a docstring and imports nothing."""
    tree = syntax_tree(file)

    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


def test_no_modules_import_each_other_in_a_circle():
    """Wherever the import stands: a reader meets each module before what uses it."""
    modules = {module_of(file): file for file in FILES}
    imported = {
        module: {
            found
            for name, _ in every_import_of(file)
            for found in (name, name.rpartition(".")[0])
            if found in modules and found != module
        }
        for module, file in modules.items()
    }
    while leaves := {each for each, names in imported.items() if not names}:
        imported = {
            each: names - leaves
            for each, names in imported.items()
            if each not in leaves
        }

    assert imported == {}


ARROW = re.compile(r"^ +(\w+) --> (\w+(?: & \w+)*)$", re.MULTILINE)


def test_the_diagram_shows_the_table():
    """docs/architecture.md draws each row of runtime, and no other arrow."""
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    drawn = {row: set(names.split(" & ")) for row, names in ARROW.findall(page)}
    rows = {
        row: set(names.split()) for row, names in PACKAGES.items() if "." not in row
    }

    assert drawn == {row: names for row, names in rows.items() if names}


@pytest.mark.parametrize("folder", [file.parent.name for file in FUNCTIONS])
def test_a_function_never_imports_another(folder):
    """What two of them need belongs into runtime."""
    faults = [
        f"{file.name} line {line}: {name}"
        for file in (ROOT / "functions" / folder).rglob("*.py")
        for name, line, _ in imports_of(file)
        if tree_of(name) == "functions"
        if not _within(name, f"functions.{folder}")
    ]

    assert [] == faults


@each_of(DEPLOYED)
def test_what_costs_a_cold_start_is_imported_on_demand(file):
    """At module level neither runtime nor a function takes any of it."""
    faults = [
        f"line {line}: {name}"
        for name, line, at_import in imports_of(file)
        if at_import
        if tree_of(name) in ON_DEMAND
    ]

    assert [] == faults


@each_of(FILES)
def test_no_module_is_named_like_one_of_pythons(file):
    """FC puts /code first on the path, so ours would be imported in its place."""
    names = {part.removesuffix(".py") for part in file.relative_to(ROOT).parts}

    assert not (names - {"__init__", "__main__"}) & set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    "file", FUNCTIONS, ids=[file.parent.name for file in FUNCTIONS]
)
def test_importing_a_function_costs_nothing(file):
    """No client is loaded and no setting is read until the first request."""
    probe = subprocess.run(
        [sys.executable, "-c", PROBE, file, " ".join(HEAVY)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    read, loaded = json.loads(probe.stdout)

    assert ([], []) == (read, loaded)


def test_the_gateway_imports_its_members_when_they_are_used():
    """Of runtime the parts and the settings come with it: no member is paid for."""
    files = [ROOT / "runtime/gateway.py", *(ROOT / "runtime/parts").glob("*.py")]
    found = {
        name
        for file in files
        for name, _, at_import in imports_of(file)
        if at_import and tree_of(name) == "runtime"
    }
    others = {each for each in found if not each.startswith("runtime.parts.")}

    assert others == {"runtime.settings"}


BUCKET_PROBE = """
import sys
from contextlib import suppress
from os import environ
from runtime.gateway import Gateway
from runtime.settings import settings_from
documents = Gateway(settings_from(environ)).documents
told = []
for id_ in ('demo', 'unknown'):
    told.append('boto3' in sys.modules or 'botocore' in sys.modules)
    with suppress(OSError):
        documents.read('clients', id_)
print(*told, 'boto3' in sys.modules or 'botocore' in sys.modules)
"""


@pytest.mark.parametrize(
    ("address", "expected"),
    [("file:{folder}", "False False False"), ("s3://documents", "False False True")],
)
def test_boto3_waits_for_a_bucket(environ, tmp_path, redis_server, address, expected):
    """A folder never needs it, a bucket not before Redis lacks a document."""
    copies = DocumentCopies(RedisStore(redis_server.client))
    copies.put("clients/demo", 1, b'{"name": "Demo"}')
    bucket = {
        "CONFIG_URL": address.format(folder=tmp_path),
        "S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    probe = subprocess.run(
        [sys.executable, "-c", BUCKET_PROBE],
        cwd=ROOT,
        env={**environ, **bucket},
        capture_output=True,
        check=True,
        timeout=60,
        text=True,
    )

    assert expected == probe.stdout.strip()
