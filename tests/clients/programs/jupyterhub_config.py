"""A JupyterHub whose users sign in by oauthenticator's GenericOAuthenticator."""

import os
import shutil
import socket
from pathlib import Path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


c = get_config()  # noqa: F821
c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['PORT']}"
c.JupyterHub.hub_port = free_port()
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.redirect_to_server = False
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{free_port()}"
c.ConfigurableHTTPProxy.command = [shutil.which("node"), os.environ["PROXY"]]

# What the gateway's command line has printed.
load_subconfig(str(Path("pasted").resolve()))  # noqa: F821
