"""Meanings of a bucket's error codes, each with what mends it."""

from __future__ import annotations

_POLICY = "the access key or a policy of the bucket does not allow it"
_OWNER = "Aliyun has closed the bucket or its owner's account: see the console"
_DEBT = "the bill of the bucket's account is overdue"
_HOST = "the bucket must be in the host name: S3_ADDRESSING=virtual"
_ENDPOINT = "S3_ENDPOINT_URL is not that of the bucket's region"
_NO_WAY = "S3_ENDPOINT_URL cannot be reached from here"

_MEANINGS = {
    "AccessDenied": _POLICY,
    "InvalidAccessKeyId": "there is no such access key, or it is disabled",
    "InvalidSecurityToken": "the access key's session token is not valid",
    "SignatureDoesNotMatch": "the access key's secret is wrong, or S3_SIGNATURE is",
    "InvalidArgument": "the store does not take this signature: set S3_SIGNATURE",
    "NotImplemented": "the store knows no If-None-Match: S3_CREATE_ONLY=oss for OSS",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "NoSuchBucket": "there is no such bucket: see CONFIG_URL and S3_ENDPOINT_URL",
    "PermanentRedirect": _ENDPOINT,
    "SecondLevelDomainForbidden": _HOST,
    "NonStandardHostForbidden": "the host is not bound to the bucket: bind it to it",
    "CnameDenied": "the host is bound to a bucket of somebody else",
    "PublicEndpointForbidden": (
        "OSS closes its public endpoint to accounts of after March 2025: "
        "S3_ENDPOINT_URL=https://oss-REGION-internal.aliyuncs.com in its own VPC, or "
        "a domain bound to the bucket and S3_ADDRESSING=cname"
    ),
    "AbnormalBucketOwnerStatus": _OWNER,
    "BucketDisable": _OWNER,
    "UserDisable": _OWNER,
    "InDebt": _DEBT,
    "InDebtOverdue": _DEBT,
    "ConnectTimeoutError": _NO_WAY,
    "EndpointConnectionError": _NO_WAY,
    "NoCredentialsError": "there is no access key: see AWS_ACCESS_KEY_ID",
}


def meaning_of(code: str) -> str:
    """Return what a code or the name of boto3's class means, "" if it is not known."""
    return _MEANINGS.get(code, "")
