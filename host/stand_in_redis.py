"""Stand-in for Redis if no server is installed; its data ends with it."""

from __future__ import annotations

import sys


def main(port: int) -> None:
    """Serve on 127.0.0.1 until ended."""
    from fakeredis import TcpFakeServer

    TcpFakeServer(("127.0.0.1", port), server_type="redis").serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
