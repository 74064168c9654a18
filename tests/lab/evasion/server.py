# SPDX-License-Identifier: Apache-2.0
"""Reads what comes and says it: one line a connection and read, `client-port hex`. A real kernel's socket; answers
nothing."""

import selectors
import socket
import sys

IP_MINTTL = 21  # linux/in.h
IPV6_MINHOPCOUNT = 73  # linux/in6.h
HOPS_MIN = 63  # a packet with fewer left is ignored, as if it had died on its way (RFC 5082)

ports = [int(port) for port in sys.argv[1:]]
watched = selectors.DefaultSelector()
for port in ports:
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=512)
    listener.setsockopt(socket.IPPROTO_IP, IP_MINTTL, HOPS_MIN)
    listener.setsockopt(socket.IPPROTO_IPV6, IPV6_MINHOPCOUNT, HOPS_MIN)
    watched.register(listener, selectors.EVENT_READ, None)
print("ready", flush=True)
while True:
    for key, _ in watched.select():
        if key.data is None:
            connection, peer = key.fileobj.accept()
            watched.register(connection, selectors.EVENT_READ, peer[1])
            continue
        try:
            data = key.fileobj.recv(65536)
        except OSError:
            data = b""
        if data:
            print(key.data, data.hex(), flush=True)
        else:
            watched.unregister(key.fileobj)
            key.fileobj.close()
