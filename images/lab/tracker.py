#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A BitTorrent tracker (BEP 3, compact peers as in BEP 23) that knows one peer: the lab's seeder. It answers over HTTP
and, one port higher, over HTTPS, where nobody on the way can read what is asked."""

import argparse
import http.server
import ipaddress
import ssl
import struct
import threading


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    pairs = b"".join(bencode(key) + bencode(value[key]) for key in sorted(value))
    return b"d" + pairs + b"e"


def make_handler(peer, encrypted):
    address, port = peer.split(":")
    compact = ipaddress.IPv4Address(address).packed + struct.pack("!H", int(port))

    class Announce(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            # The seeder announces itself from its own address and is not told of itself.
            others = b"" if self.client_address[0] == address else compact
            body = bencode({b"interval": 60, b"complete": 1, b"incomplete": 1, b"peers": others})
            self.send_response(200 if self.path.startswith("/announce") else 404)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, form, *args):
            print("https" if encrypted else "http", self.client_address[0], self.headers.get("User-Agent"), form % args, flush=True)

    return Announce


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--peer", required=True, help="the one peer, ADDRESS:PORT")
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    options = parser.parse_args()
    plain = http.server.ThreadingHTTPServer((options.listen, options.port), make_handler(options.peer, False))
    secret = http.server.ThreadingHTTPServer((options.listen, options.port + 1), make_handler(options.peer, True))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    secret.socket = context.wrap_socket(secret.socket, server_side=True)
    threading.Thread(target=secret.serve_forever, daemon=True).start()
    plain.serve_forever()


if __name__ == "__main__":
    main()
