#!/usr/bin/python3
"""Stand-in for `aliyun`, which needs an account: it takes calls of the known form.

It notes each call beside itself, and answers with the fields that the page speaks of.
"""

import json
import sys
from pathlib import Path

CALLS = {
    ("ram", "CreateRole"): ("RoleName", "AssumeRolePolicyDocument"),
    ("ram", "CreatePolicy"): ("PolicyName", "PolicyDocument"),
    ("ram", "AttachPolicyToRole"): ("PolicyType", "PolicyName", "RoleName"),
    ("ram", "AttachPolicyToUser"): ("PolicyType", "PolicyName", "UserName"),
    ("ram", "CreateUser"): ("UserName",),
    ("ram", "CreateAccessKey"): ("UserName",),
    ("vpc", "CreateVpc"): ("RegionId", "VpcName", "CidrBlock"),
    ("vpc", "CreateVSwitch"): ("RegionId", "VpcId", "ZoneId", "CidrBlock"),
    ("ecs", "CreateSecurityGroup"): ("RegionId", "VpcId", "SecurityGroupName"),
    ("vpc", "CreateNatGateway"): (
        *("RegionId", "VpcId", "VSwitchId", "NatType", "NetworkType"),
    ),
    ("vpc", "AllocateEipAddress"): ("RegionId", "InternetChargeType", "Bandwidth"),
    ("vpc", "AssociateEipAddress"): (
        *("RegionId", "AllocationId", "InstanceId", "InstanceType"),
    ),
    ("vpc", "CreateSnatEntry"): (
        *("RegionId", "SnatTableId", "SourceVSwitchId", "SnatIp"),
    ),
}


def main(words):
    product, action, *rest = words
    options = dict(zip(rest[::2], rest[1::2], strict=True))
    expected = {f"--{name}" for name in CALLS[product, action]}
    assert expected == set(options), (action, expected ^ set(options))
    for name, value in options.items():
        if name.endswith("Document"):
            options[name] = json.loads(value)
    with open(Path.home() / "aliyun.calls", "a") as calls:
        calls.write(json.dumps([product, action, options]) + "\n")
    print(json.dumps({"Role": {"Arn": "acs:ram::1234567890123456:role/gateway-fc"}}))


if __name__ == "__main__":
    main(sys.argv[1:])
