"""The deployer's own tool, `fun`."""

from tests.support.fun_fixtures import fun, validate  # noqa: F401 fixtures
