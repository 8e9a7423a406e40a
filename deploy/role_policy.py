"""Policy by which the functions' role may start deliver, and nothing else.

`python -m deploy.role_policy` prints it for ROLE_ARN and REGION, for `aliyun ram
CreatePolicy --PolicyDocument`. docs/deploying.md says when it is needed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from deploy.forms import is_role
from management.parser import SERVICE

FUNCTION = "deliver"


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Print the policy; return 1 without a role and a region."""
    role, region = environ.get("ROLE_ARN", ""), environ.get("REGION", "")
    if not (is_role(role) and region):
        print(
            "Set ROLE_ARN, acs:ram::ACCOUNT_ID:role/NAME, and REGION.", file=sys.stderr
        )
        return 1
    print(json.dumps(policy(role.split(":")[3], region), indent=2))
    return 0


def policy(account: str, region: str) -> dict[str, Any]:
    """Return the policy's document; the last resource is that of FC 3.0."""
    place = f"acs:fc:{region}:{account}:"
    return {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "fc:InvokeFunction",
                "Resource": [
                    f"{place}services/{SERVICE}/functions/{FUNCTION}",
                    f"{place}services/{SERVICE}.*/functions/{FUNCTION}",
                    f"{place}functions/{SERVICE}_{FUNCTION}",
                ],
            }
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
