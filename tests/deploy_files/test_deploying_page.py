"""Commands of docs/deploying.md, as far as a step needs no account."""

import re
import subprocess

import yaml

from deploy.package.parameters import parameter_values
from deploy.package.placing import place
from runtime.settings import settings_from
from runtime.version import version
from template.resources import functions
from tests.deploy_files.readers import ROOT, tool
from tests.support.documentation import code_blocks, section

PAGE = ROOT / "docs/deploying.md"
OF_FUN = {"ACCOUNT_ID", "REGION", "ACCESS_KEY_ID", "ACCESS_KEY_SECRET"}


def printed(heading, language="sh"):
    """Return the first block under a heading, something in each gap."""
    return code_blocks(section(PAGE, heading), language)[0].replace("…", "x")


def shell(script, folder):
    """Run it there, with the folder as home; return what it said, an item each."""
    done = subprocess.run(
        [tool("bash"), "-euc", script],
        cwd=folder,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.split("\0")


def test_the_keys_leave_the_shell_where_it_is(tmp_path):
    """The commands keep folder and umask; only the owner can read the keys."""
    tool("openssl")
    steps = (printed("8. Keys of the gateway"), "printf '%s\\0' $PWD $(umask)")
    place_of, mask, _ = shell("umask 022\n" + "\n".join(steps), tmp_path)
    modes = {each.stat().st_mode & 0o777 for each in tmp_path.glob("gateway-keys/*")}

    assert (str(tmp_path), 0o022) == (place_of, int(mask, 8))
    assert {0o600} == modes
    assert 0o700 == (tmp_path / "gateway-keys").stat().st_mode & 0o777


def test_the_parameters_are_settings(tmp_path):
    """Each printed parameter is one of the template or of fun."""
    tool("openssl")
    certificate = "echo PEM | tee ~/gateway-keys/cert.pem > ~/gateway-keys/key.pem"
    steps = (
        *(printed("8. Keys of the gateway"), certificate, "set -a"),
        *(printed("9. Parameters", "ini"), "env -0"),
    )
    said = dict(each.partition("=")[::2] for each in shell("\n".join(steps), tmp_path))
    lines = printed("9. Parameters", "ini").splitlines()
    named = {line.partition("=")[0] for line in lines}
    template = yaml.safe_load((ROOT / "template.yml").read_text("utf-8"))
    place(template["Resources"], parameter_values(template["Parameters"], said))

    assert OF_FUN == named - set(template["Parameters"])
    for each in functions(template["Resources"]):
        assert settings_from(each.properties["EnvironmentVariables"]).oidc_key


def test_a_version_names_the_commit_to_roll_back_to(tmp_path):
    """The part of a version after + works in the printed command."""
    (command,) = re.findall("git worktree add .+", section(PAGE, "Rolling back"))
    commit = f"{tool('git')} -c user.name=x -c user.email=x commit -q --allow-empty"
    shell(f"git init -q tree; cd tree; {commit} -m 1; {commit} -m 2", tmp_path)
    (before,) = shell("git rev-parse HEAD~", tmp_path / "tree")
    (tmp_path / "REVISION").write_text(before)
    told = version(tmp_path).partition("+")[2]
    shell(command.replace("COMMIT", told), tmp_path / "tree")

    assert [before] == shell("git rev-parse HEAD", tmp_path / "gateway-before")
