#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A client with one kept-alive HTTP connection. Reads `host path` lines, makes that request on the connection, and
answers each with one line: the status, or what went wrong. It never opens a second connection."""

import http.client
import socket
import sys


def main():
    connection = http.client.HTTPConnection(sys.argv[1], 80, timeout=8)
    connection.connect()
    connection.auto_open = 0
    for line in sys.stdin:
        host, path = line.split()
        try:
            connection.request("GET", path, headers={"Host": host, "User-Agent": "kept-connection"})
            response = connection.getresponse()
            body = response.read().decode(errors="replace").strip()
            print(f"{response.status} {body}", flush=True)
        except (OSError, http.client.HTTPException, socket.timeout) as error:
            print(f"refused: {type(error).__name__} {error}", flush=True)


if __name__ == "__main__":
    main()
