"""Policies of everybody who has a key or a role at Aliyun, with the deployer's names.

`python -m deploy.policies` prints the commands that create role, users and their
policies; with a name, such as gateway-operator, it prints that one's policy as JSON.
docs/deploying.md says who uses which key.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.forms import is_role
from management.parser import FUNCTION, SERVICE

ROLE = "gateway-fc"
TRUST = {
    "Version": "1",
    "Statement": [
        {
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {"Service": ["fc.aliyuncs.com"]},
        }
    ],
}
_CALLED = (FUNCTION, "refresh", "deliver")
"""Functions that an operator and the smoke test invoke."""
_NEEDED = ("ACCOUNT_ID", "REGION", "CONFIG_URL")

_NETWORK = (
    *("vpc:DescribeVSwitchAttributes", "vpc:DescribeVpcAttribute"),
    *("ecs:CreateNetworkInterface", "ecs:DeleteNetworkInterface"),
    *("ecs:DescribeNetworkInterfaces", "ecs:CreateNetworkInterfacePermission"),
    *("ecs:DeleteNetworkInterfacePermission",),
    *("ecs:DescribeNetworkInterfacePermissions",),
)
_DOMAIN = ("fc:GetCustomDomain", "fc:CreateCustomDomain", "fc:UpdateCustomDomain")

Policy = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one deployment in policies; `fc` is the generation that is deployed."""

    account: str
    region: str
    bucket: str
    prefix: str
    project: str = ""
    store: str = ""
    role: str = ROLE
    fc: int = 2

    def of_fc(self, resource: str) -> str:
        """Return the full name of a resource of Function Compute."""
        return f"acs:fc:{self.region}:{self.account}:{resource}"

    def functions(self, *names: str) -> list[str]:
        """Return the names under which functions are invoked, in both generations.

        FC 2.0 may add a version to the service; FC 3.0 has no services.
        """
        return [
            self.of_fc(place + name)
            for name in names
            for place in (
                f"services/{SERVICE}/functions/",
                f"services/{SERVICE}.*/functions/",
                f"functions/{SERVICE}_",
            )
        ]


def main(words: list[str], environ: Mapping[str, str] = os.environ) -> int:
    """Print the commands or one policy; return 1 if a parameter is missing."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.policies", description=__doc__
    )
    parser.add_argument("name", nargs="?", choices=sorted(MAKERS), help="who")
    parser.add_argument(
        "--fc", type=int, choices=(2, 3), default=2, help="Function Compute 2.0 or 3.0"
    )
    options = parser.parse_args(words)
    missing = [name for name in _NEEDED if not environ.get(name)]
    if missing:
        print(f"Set {', '.join(missing)}: the policies name them.", file=sys.stderr)
        return 1
    if not environ["CONFIG_URL"].startswith("s3://"):
        print("CONFIG_URL is no bucket, s3://bucket/prefix.", file=sys.stderr)
        return 1
    if environ.get("ROLE_ARN") and not is_role(environ["ROLE_ARN"]):
        print("ROLE_ARN is not acs:ram::ACCOUNT_ID:role/NAME.", file=sys.stderr)
        return 1
    names = names_from(environ, options.fc)
    if options.name:
        print(_written(MAKERS[options.name](names)))
    else:
        print("\n".join(commands(names)))
    return 0


def names_from(environ: Mapping[str, str], fc: int) -> Names:
    """Return the names that the parameters of a deployment give."""
    bucket, _, prefix = environ["CONFIG_URL"].removeprefix("s3://").partition("/")
    return Names(
        environ["ACCOUNT_ID"],
        environ["REGION"],
        bucket,
        prefix.strip("/"),
        environ.get("LOG_PROJECT", ""),
        environ.get("LOG_STORE", ""),
        environ.get("ROLE_ARN", "").rpartition("role/")[2] or ROLE,
        fc,
    )


def role_policy(names: Names) -> Policy:
    """Return what the functions may do: log, use the VPC, and start deliver."""
    statements = [_allow(_NETWORK, "*")]
    if names.project and names.store:
        place = f"acs:log:*:*:project/{names.project}/logstore/{names.store}"
        statements.append(_allow("log:PostLogStoreLogs", place))
    statements.append(_allow("fc:InvokeFunction", names.functions("deliver")))
    return _policy(statements)


def bucket_policy(names: Names) -> Policy:
    """Return what the functions do with the bucket: they never delete."""
    place = f"acs:oss:*:*:{names.bucket}"
    within = f"{place}/{names.prefix}/*" if names.prefix else f"{place}/*"
    return _policy(
        [
            _allow("oss:ListObjects", place),
            _allow(("oss:GetObject", "oss:PutObject"), within),
        ]
    )


def deployer_policy(names: Names) -> Policy:
    """Return what `make deploy` does, the smoke test at its end included."""
    by_generation = _deployer_3 if names.fc == 3 else _deployer_2
    role = f"acs:ram:*:{names.account}:role/{names.role}"
    return _policy(
        [
            *by_generation(names),
            _allow("fc:InvokeFunction", names.functions(*_CALLED)),
            _allow("ram:PassRole", role),
        ]
    )


def operator_policy(names: Names) -> Policy:
    """Return what `manage.py --endpoint` and `make smoke` do."""
    return _policy([_allow("fc:InvokeFunction", names.functions(*_CALLED))])


MAKERS = {
    ROLE: role_policy,
    "gateway-bucket": bucket_policy,
    "gateway-deployer": deployer_policy,
    "gateway-operator": operator_policy,
}


def commands(names: Names) -> list[str]:
    """Return the lines of a script for `aliyun ram`, which prints each access key."""
    lines = [f"# Role {names.role}: the functions themselves."]
    trust = f"--AssumeRolePolicyDocument '{json.dumps(TRUST)}'"
    lines.append(f"aliyun ram CreateRole --RoleName {names.role} {trust}")
    for name, make in MAKERS.items():
        kind, owner = ("Role", names.role) if name == ROLE else ("User", name)
        if kind == "User":
            lines += ["", f"# User {name}: {_USED_BY[name]}."]
            lines.append(f"aliyun ram CreateUser --UserName {name}")
        document = f"--PolicyDocument '{_written(make(names))}'"
        lines += [
            f"aliyun ram CreatePolicy --PolicyName {name} {document}",
            f"aliyun ram AttachPolicyTo{kind} --PolicyType Custom"
            f" --PolicyName {name} --{kind}Name {owner}",
        ]
        if kind == "User":
            lines.append(f"aliyun ram CreateAccessKey --UserName {name}")
    return lines


_USED_BY = {
    "gateway-bucket": "its access key is BUCKET_KEY_ID and BUCKET_KEY_SECRET",
    "gateway-deployer": "whoever runs make deploy, or a pipeline",
    "gateway-operator": "whoever runs manage.py --endpoint and make smoke",
}


def _deployer_2(names: Names) -> list[Policy]:
    service = names.of_fc(f"services/{SERVICE}")
    functions = f"{service}/functions"
    return [
        _allow("fc:CreateService", names.of_fc("services/*")),
        _allow(("fc:GetService", "fc:UpdateService"), service),
        _allow(
            (
                *("fc:ListFunctions", "fc:GetFunction"),
                *("fc:CreateFunction", "fc:UpdateFunction"),
            ),
            [service, functions, f"{functions}/*"],
        ),
        _allow(
            (
                *("fc:ListTriggers", "fc:GetTrigger"),
                *("fc:CreateTrigger", "fc:UpdateTrigger"),
            ),
            f"{functions}/*",
        ),
        _allow(_DOMAIN, names.of_fc("custom-domains/*")),
    ]


def _deployer_3(names: Names) -> list[Policy]:
    # The vendor's list of actions has no resource for those of the second statement.
    return [
        _allow(
            (
                *("fc:GetFunction", "fc:CreateFunction", "fc:UpdateFunction"),
                *("fc:GetTrigger", "fc:CreateTrigger", "fc:UpdateTrigger"),
            ),
            names.of_fc(f"functions/{SERVICE}_*"),
        ),
        _allow(
            (
                *_DOMAIN,
                *("fc:GetFunctionAsyncInvokeConfig", "fc:GetConcurrencyConfig"),
                *("fc:GetScalingConfig", "fc:ListVpcBindings"),
                "fc:GetTempBucketToken",
            ),
            "*",
        ),
    ]


def _allow(actions: str | tuple[str, ...], resources: str | list[str]) -> Policy:
    listed = list(actions) if isinstance(actions, tuple) else actions
    return {"Effect": "Allow", "Action": listed, "Resource": resources}


def _policy(statements: list[Policy]) -> Policy:
    return {"Version": "1", "Statement": statements}


def _written(policy: Policy) -> str:
    return json.dumps(policy, indent=2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
