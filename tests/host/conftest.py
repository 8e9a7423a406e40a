"""A host that serves the small site."""

import pytest

from tests.support.local_hosts import SITE, LocalHost


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A running host with the site's functions, and a key for those that want one."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--port=0", f"--template={SITE}"]
    keys = ["--access_key_id=AKtest", "--access_key_secret=SKtest"]
    with LocalHost(folder, *options, *keys) as host:
        yield host
