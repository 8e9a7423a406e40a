#!/usr/bin/python3
"""Stand-in for `ossutil`, which needs an account: it takes the page's two commands."""

import json
import sys

OPTIONS = {
    ("mb",): {"--acl", "--redundancy-type"},
    ("api", "put-bucket-encryption"): {"--bucket", "--server-side-encryption-rule"},
}


def main(words):
    known = next(each for each in OPTIONS if tuple(words[: len(each)]) == each)
    rest = [word for word in words[len(known) :] if not word.startswith("oss://")]
    options = dict(zip(rest[::2], rest[1::2], strict=True))
    assert set(options) == OPTIONS[known], options
    if "--server-side-encryption-rule" in options:
        json.loads(options["--server-side-encryption-rule"])


if __name__ == "__main__":
    main(sys.argv[1:])
