"""docs/migrating.md: each step works as written, on a developer's host."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from tests.support.developer_host import DeveloperHost
from tests.support.documentation import ROOT, code_blocks, section
from tests.support.ports import free_port

PAGE, PUSHES = ROOT / "docs/migrating.md", ROOT / "docs/pushes.md"

NEW_PAIR = "newToken", "N" * 43

PROLOGUE = """
set -em
trap 'kill $(jobs -p)' EXIT
printed() { sed -n "s/^$1  *//p" printed.txt | tail -n 1; }
member() { sed -n "s/.*\\"$1\\": *\\"\\([^\\"]*\\)\\".*/\\1/p" $2 | head -n 1; }
control() { curl --silent --output control.json "$WECHAT/_sandbox/$1" -d "$2"; }
"""


def as_run(text, host, bot):
    """Return the text for this machine: what a user types or copies is filled in.

    What WeChat's console does, the sandbox's control plane does.
    """
    manage = f"{sys.executable} {ROOT}/manage.py"
    console = (
        'control apps "{\\"appid\\": \\"$APPID\\", \\"callback_url\\": '
        f'\\"{host.url}/wechat_event/$APPID\\", \\"token\\": \\"{NEW_PAIR[0]}\\", '
        f'\\"encoding_aes_key\\": \\"{NEW_PAIR[1]}\\"}}"\n'
    )
    pushed = (
        'control push "{\\"appid\\": \\"$APPID\\", \\"mode\\": \\"safe\\", '
        '\\"message\\": {\\"MsgType\\": \\"text\\", \\"Content\\": \\"hello\\"}}"\n'
        f"cat control.json\n{manage} push list $APPID\n"
    )
    changes = {
        "http://127.0.0.1:8001": host.sandbox_url,
        "https://api.weixin.qq.com": host.sandbox_url,
        "https://gateway.example.com": host.url,
        "https://bot.example.com/wechat": f"http://127.0.0.1:{bot}/wechat",
        ".venv/bin/python manage.py": manage,
        '{"kind": "service"}\'\n': '{"kind": "service"}\' | tee account.json\n',
        "APPID=… APPSECRET=…": (
            "APPID=$(member appid account.json) "
            "APPSECRET=$(member secret account.json) "
            "TOKEN=$(member token account.json) "
            "AES_KEY=$(member encoding_aes_key account.json)"
        ),
        "app add $APPID --kind service": (
            "app add $APPID --kind service --secret-stdin <<< $APPSECRET"
        ),
        "app check $APPID\n": "app check $APPID --seconds 0\n",
        "get_api_domain_ip'\n": "get_api_domain_ip' | tee printed.txt\n",
        "token:read\n": "token:read | tee printed.txt\n",
        "'/cgi-bin/*'\n": "'/cgi-bin/*' | tee printed.txt\n",
        "PROBE_SECRET=…": "PROBE_SECRET=$(printed secret)",
        "SERVER_SECRET=…": "SERVER_SECRET=$(printed secret)",
        "SHOP_SECRET=…": "SHOP_SECRET=$(printed secret)",
        'SECRET"\nexport ': 'SECRET" | tee token.json\nexport ',
        "OLD_TOKEN=…": "OLD_TOKEN=$(member access_token token.json)",
        "GATEWAY_TOKEN=…": "GATEWAY_TOKEN=$(member access_token token.json)",
        "--token --aes-key\n": (
            '--token-stdin --aes-key <<< "$TOKEN\n$AES_KEY" | tee printed.txt\n'
        ),
        " ROUTE\n": " $(printed id)\n",
        "app update $APPID --push\n": (
            'app update $APPID --push --secret-stdin <<< "'
            + "\n".join(NEW_PAIR)
            + f'"\n{console}'
        ),
        "app check $APPID --secrets\n": (
            "app check $APPID --secrets --seconds 20 & sleep 3\n"
            'control push "{\\"appid\\": \\"$APPID\\", \\"mode\\": \\"verify\\"}"\n'
            f"wait $!\n{pushed}"
        ),
        ".venv/bin/python manage.py app update $APPID --secret\n": (
            'control apps "{\\"appid\\": \\"$APPID\\", \\"secret\\": '
            f'\\"{"5" * 32}\\"}}"\n'
            f"{manage} app update $APPID --secret --secret-stdin <<< {'5' * 32}\n"
        ),
    }
    once = "|".join(sorted(map(re.escape, changes), key=len, reverse=True))
    return re.sub(once, lambda found: changes[found[0]], text)


@pytest.fixture
def host(tmp_path):
    with DeveloperHost(tmp_path) as host:
        yield host


def test_an_account_moves_behind_the_gateway(host):
    """Every command of the page, in its order; each shows what the page says."""
    bot = free_port()
    (program,) = code_blocks(section(PUSHES, "A first echoed message"), "python")
    (host.folder / "bot.py").write_text(program.replace("8090", str(bot)))
    before, *blocks = code_blocks(PAGE.read_text("utf-8"), "sh")
    start = (
        f"{sys.executable} bot.py &\n"
        f"for _ in $(seq 100); do curl -so bot.out http://127.0.0.1:{bot}/ && break; "
        "sleep 0.1; done\n"
    )
    variables, *steps = blocks
    script = PROLOGUE + before + variables + start + "".join(steps)
    ran = subprocess.run(
        ["bash", "-c", as_run(script, host, bot)],
        cwd=host.folder,
        capture_output=True,
        text=True,
        timeout=120,
    )

    told = ran.stdout
    assert 0 == ran.returncode, ran.stderr + told
    assert len(re.findall(r"(?m)^AppSecret +ok .*\nIP whitelist +ok ", told)) >= 3
    assert 3 == told.count('"ip_list"')
    assert re.search(r"(?m)^access_token:\w+ .* works$", told)
    # The token that the old program has fetched is not the one that the gateway has.
    old, real, _ = re.findall(r'"access_token": ?"([^"]+)"', told)
    assert old != real
    assert re.search(r"(?m)^shop +\w+ +/cgi-bin/", told)
    assert "MsgType: text; Content: test" in told
    assert re.search(r"(?m)^came +\S+ check accepted$", told)
    assert json.loads(re.search(r'\{"deliveries".*\}', told)[0])["error"] is None
    assert re.search(r"(?m)^\d+-0 .* text .*: done$", told)
    assert f"{host.sandbox_url}/connect/oauth2/authorize?appid=" in told
    assert re.search(r"(?m)^state +all is well$", told)
