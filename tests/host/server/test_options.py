"""Options on the command line and in a config file."""

import logging

import pytest

from host.cannot_start import CannotStart
from host.server.options import parse_options


@pytest.fixture(autouse=True)
def _root_logger():
    """Undo what Tornado's logging options do."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def test_the_defaults_are_a_developers():
    """The defaults are loopback, the documented ports and development mode."""
    options = parse_options(["local_host.py"])

    assert ("127.0.0.1", 8080, 8001, False, True) == (
        options.address,
        options.port,
        options.sandbox_port,
        options.debug,
        options.development,
    )


def test_the_command_line_wins_over_the_file(tmp_path):
    """The command line has precedence, wherever --config is in it."""
    file = tmp_path / "server.conf"
    file.write_text("port = 1\nsandbox_port = 2\ndebug = True\n")

    for arguments in (
        ["--port=3", f"--config={file}"],
        [f"--config={file}", "--port=3"],
    ):
        options = parse_options(["local_host.py", *arguments])
        assert (3, 2, True) == (options.port, options.sandbox_port, options.debug)


def test_tornados_logging_options_work(tmp_path):
    """Tornado's log options work in the config file too, with rotation."""
    log = tmp_path / "host.log"
    file = tmp_path / "server.conf"
    file.write_text(
        f"logging = 'warning'\nlog_file_prefix = {str(log)!r}\n"
        "log_file_max_size = 200\nlog_file_num_backups = 2\n"
    )
    parse_options(["local_host.py", f"--config={file}"])
    logger = logging.getLogger("host")
    logger.info("not this")
    for number in range(20):
        logger.warning("line %d of what is logged", number)

    assert {"host.log", "host.log.1", "host.log.2", "server.conf"} == {
        each.name for each in tmp_path.iterdir()
    }
    assert "not this" not in log.read_text()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param(["--no_such_option=1"], None, id="unknown option"),
        pytest.param(["--port=http"], None, id="no number"),
        pytest.param(["--config=server.conf"], None, id="no such file"),
        pytest.param(["--config=server.conf"], "port = ", id="no Python"),
        pytest.param(["--config=server.conf"], "port = 'http'", id="wrong type"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, monkeypatch, arguments, text):
    """Unreadable options are reported in one sentence without a stack."""
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "server.conf").write_text(text)

    with pytest.raises(CannotStart, match=r"The options cannot be read: .+"):
        parse_options(["local_host.py", *arguments])


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("--port=99999", "--port must be a number from 0 to 65535."),
        ("--port=-1", "--port must be a number from 0 to 65535."),
        ("--sandbox_port=65536", "--sandbox_port must be a number from 1 to 65535."),
        ("--sandbox_port=0", "--sandbox_port must be a number from 1 to 65535."),
        ("--threads=0", "--threads must be 1 or more."),
        (
            "--processes=-1",
            "--processes must be 1 or more, and 1 with --debug.",
        ),
        (
            "--log_file_prefix=none/host.log",
            r"The log cannot be set up: .+ No such file or directory: '.+/host\.log'",
        ),
        ("--logging=loud", "The log cannot be set up: .+LOUD.+"),
    ],
)
def test_a_value_that_cannot_be_is_said(tmp_path, monkeypatch, argument, said):
    """A value out of range is refused with the option's name."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(CannotStart, match=f"^{said}$"):
        parse_options(["local_host.py", argument])


@pytest.mark.parametrize("argument", ["--port=0", "--port=65535", "--threads=1"])
def test_the_outermost_values_are_taken(argument):
    """The limits themselves are valid values."""
    name, value = argument.strip("-").split("=")

    assert int(value) == parse_options(["local_host.py", argument])[name]
