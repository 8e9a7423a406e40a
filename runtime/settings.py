"""Settings of a deployment, read once from the environment.

An error names the settings at fault and never repeats a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from runtime.crypto.keys import Keys
from runtime.errors import SettingsError
from runtime.setting_values import (
    bearer_token,
    documents_url,
    domain,
    hops,
    host_names,
    master_keys,
    networks,
    oidc_keys,
    positive,
    proxy_url,
    redis_ca,
    redis_url,
    secrets,
    web_url,
    word,
)

LONGEST_LEASE = 60.0

_LOOPBACK = re.compile(r"127(\.[0-9]{1,3}){3}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings by their names in lower case; see docs/configuration.md."""

    public_base_url: str
    redis_url: str = field(repr=False)
    config_url: str
    master_keys: Keys = field(repr=False)
    cookie_secrets: Keys = field(repr=False)
    token_secrets: Keys = field(repr=False)
    login_client: str
    oidc_key: Keys | None = field(default=None, repr=False)
    s3_endpoint_url: str = ""
    s3_create_only: str = "auto"
    s3_addressing: str = "auto"
    s3_signature: str = "v4"
    wechat_api_url: str = "https://api.weixin.qq.com"
    wechat_open_url: str = "https://open.weixin.qq.com"
    wechat_mp_url: str = "https://mp.weixin.qq.com"
    wecom_api_url: str = "https://qyapi.weixin.qq.com"
    wecom_login_url: str = "https://login.work.weixin.qq.com"
    wechat_proxy_url: str = field(default="", repr=False)
    wechat_deadline_seconds: float = 5.0
    session_days: float = 7.0
    cookie_domain: str = ""
    redis_wait: str = "block"
    redis_ca: bytes = field(default=b"", repr=False)
    lease_seconds: float = 0.6
    lease_renew_seconds: float = 0.15
    credential_wait_seconds: float = 10.0
    credential_due_seconds: float = 120.0
    credential_spent_seconds: float = 30.0
    sign_ins_per_address: float = 1200.0
    sign_ins_per_minute: float = 6000.0
    trusted_proxy_hops: int = 0
    metrics_token: str = field(default="", repr=False)
    allowed_hosts: tuple[str, ...] = ()
    push_age_seconds: float = 300.0
    push_mb_per_app: float = 16.0
    push_mb_in_all: float = 256.0
    push_text_bytes: float = 2048.0
    push_holds_per_app: float = 10.0
    push_holds_in_all: float = 20.0
    push_redis_url: str = field(default="", repr=False)
    push_private_networks: tuple[str, ...] = ()
    function_compute_url: str = ""

    @property
    def secure(self) -> bool:
        """Tell whether browsers use https, so that cookies are Secure."""
        return self.public_base_url.startswith("https://")

    @property
    def development(self) -> bool:
        """Tell whether only this machine reaches the gateway, and it the sandbox.

        Such a gateway tells the causes of errors to its caller, a developer.
        """
        return all(map(is_of_this_machine, (self.public_base_url, self.wechat_api_url)))


def is_of_this_machine(url: str) -> bool:
    """Tell whether the URL's host is this machine's loopback, by name or address."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or bool(_LOOPBACK.fullmatch(host))


def settings_from(environ: Mapping[str, str]) -> Settings:
    """Return the settings; SettingsError names every setting at fault."""
    values: dict[str, Any] = {}
    faults = []
    for name, (parse, needed) in _PARSERS.items():
        text = environ.get(name, "").strip()
        if not text:
            if needed:
                faults.append(f"{name} is missing")
            continue
        try:
            values[name.lower()] = parse(text)
        except SettingsError as fault:
            faults.append(f"{name} {fault}")
        except ValueError:
            # The message of another library's error may repeat the value.
            faults.append(f"{name} is malformed")
    if not faults:
        settings = Settings(**values)
        faults = list(_disagreements(settings))
    if faults:
        raise SettingsError("; ".join(faults))
    return settings


def _disagreements(settings: Settings) -> Iterator[str]:
    host = urlsplit(settings.public_base_url).hostname or ""
    if settings.cookie_domain and not f".{host}".endswith(f".{settings.cookie_domain}"):
        yield "COOKIE_DOMAIN must be the host of PUBLIC_BASE_URL or a domain above it"
    urls = (settings.redis_url, settings.push_redis_url)
    if settings.redis_ca and not any(url.startswith("rediss") for url in urls):
        yield "REDIS_CA needs rediss:// in REDIS_URL or PUSH_REDIS_URL"
    if settings.s3_create_only == "oss" and not settings.s3_endpoint_url:
        # Amazon S3 ignores the header of OSS, and would replace a version.
        yield "S3_CREATE_ONLY=oss needs S3_ENDPOINT_URL"
    if settings.s3_addressing == "cname" and not settings.s3_endpoint_url:
        yield "S3_ADDRESSING=cname needs S3_ENDPOINT_URL"
    if settings.lease_renew_seconds * 2 >= settings.lease_seconds:
        yield "LEASE_RENEW_SECONDS must be below half of LEASE_SECONDS"
    if settings.lease_seconds > LONGEST_LEASE:
        # The scripts take a longer one for the work of a clock that was set back.
        yield "LEASE_SECONDS must be at most 60"
    if settings.wechat_deadline_seconds >= settings.credential_wait_seconds:
        yield "WECHAT_DEADLINE_SECONDS must be below CREDENTIAL_WAIT_SECONDS"
    if settings.allowed_hosts and host not in settings.allowed_hosts:
        yield "ALLOWED_HOSTS must name the host of PUBLIC_BASE_URL"
    # The timer runs as long again before that; only in the last five minutes of a token
    # does stable_token return a new one.
    margins = settings.credential_due_seconds * 2 + settings.credential_spent_seconds
    if margins >= 300:
        yield (
            "twice CREDENTIAL_DUE_SECONDS and CREDENTIAL_SPENT_SECONDS must be "
            "below 300 together"
        )


_PARSERS: Mapping[str, tuple[Callable[[str], Any], bool]] = {
    "PUBLIC_BASE_URL": (web_url, True),
    "REDIS_URL": (redis_url, True),
    "CONFIG_URL": (documents_url, True),
    "MASTER_KEYS": (master_keys, True),
    "COOKIE_SECRETS": (secrets, True),
    "TOKEN_SECRETS": (secrets, True),
    "LOGIN_CLIENT": (str, True),
    "OIDC_KEY": (oidc_keys, False),
    "S3_ENDPOINT_URL": (web_url, False),
    "S3_CREATE_ONLY": (word("auto", "s3", "oss"), False),
    "S3_ADDRESSING": (word("auto", "virtual", "path", "cname"), False),
    "S3_SIGNATURE": (word("v4", "v2"), False),
    "WECHAT_API_URL": (web_url, False),
    "WECHAT_OPEN_URL": (web_url, False),
    "WECHAT_MP_URL": (web_url, False),
    "WECOM_API_URL": (web_url, False),
    "WECOM_LOGIN_URL": (web_url, False),
    "WECHAT_PROXY_URL": (proxy_url, False),
    "WECHAT_DEADLINE_SECONDS": (positive, False),
    "SESSION_DAYS": (positive, False),
    "COOKIE_DOMAIN": (domain, False),
    "REDIS_WAIT": (word("block", "poll"), False),
    "REDIS_CA": (redis_ca, False),
    "LEASE_SECONDS": (positive, False),
    "LEASE_RENEW_SECONDS": (positive, False),
    "CREDENTIAL_WAIT_SECONDS": (positive, False),
    "CREDENTIAL_DUE_SECONDS": (positive, False),
    "CREDENTIAL_SPENT_SECONDS": (positive, False),
    "SIGN_INS_PER_ADDRESS": (positive, False),
    "SIGN_INS_PER_MINUTE": (positive, False),
    "TRUSTED_PROXY_HOPS": (hops, False),
    "METRICS_TOKEN": (bearer_token, False),
    "ALLOWED_HOSTS": (host_names, False),
    "PUSH_AGE_SECONDS": (positive, False),
    "PUSH_MB_PER_APP": (positive, False),
    "PUSH_MB_IN_ALL": (positive, False),
    "PUSH_TEXT_BYTES": (positive, False),
    "PUSH_HOLDS_PER_APP": (positive, False),
    "PUSH_HOLDS_IN_ALL": (positive, False),
    "PUSH_REDIS_URL": (redis_url, False),
    "PUSH_PRIVATE_NETWORKS": (networks, False),
    "FUNCTION_COMPUTE_URL": (web_url, False),
}
