# SPDX-License-Identifier: Apache-2.0
"""What real servers make of the bytes that reached a server's application: the names that they would serve. TLS: OpenSSL
up to its name callback. HTTP: nginx and CPython's http.server, HTTP/2: nginx."""

import http.server
import io
import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import time

NGINX = """daemon off; pid {dir}/oracle.pid; user root; worker_processes 1; error_log {dir}/log/oracle.err;
events {{ worker_connections 1024; }}
http {{
  log_format names '$remote_port|$status|$host|$http_host';
  access_log {dir}/log/oracle.names names;
  client_body_temp_path {dir}/web/oracle-body; proxy_temp_path {dir}/web/oracle-proxy;
  fastcgi_temp_path {dir}/web/oracle-f; uwsgi_temp_path {dir}/web/oracle-u; scgi_temp_path {dir}/web/oracle-s;
  large_client_header_buffers 8 32k;
  server {{ listen 127.0.0.1:{plain}; location / {{ return 200; }} }}
  server {{ listen 127.0.0.1:{two} http2; location / {{ return 200; }} }}
}}
"""
PLAIN, TWO = 7180, 7182
FIRST_PORT = 10_000  # at 127.0.0.2, where nobody else is
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def openssl(certificate):
    """A function: bytes -> names of the first ClientHello in them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(f"{certificate}.pem", f"{certificate}.key")

    def names(data):
        found = []
        context.sni_callback = lambda connection, name, of: found.append(name or "")
        # A name that is not ASCII reaches the callback of a C program, yet not Python's.
        sys.unraisablehook = lambda failed: found.append(failed.object.decode(errors="replace"))
        inward = ssl.MemoryBIO()
        connection = context.wrap_bio(inward, ssl.MemoryBIO(), server_side=True)
        inward.write(data)
        try:
            connection.do_handshake()
        except ssl.SSLError:
            pass
        return [name.lower().rstrip(".") for name in found]
    return names


class Handler(http.server.BaseHTTPRequestHandler):
    """CPython's own server over bytes that came."""
    protocol_version = "HTTP/1.1"

    def __init__(self, data):
        self.rfile, self.wfile, self.names = io.BytesIO(data), io.BytesIO(), []
        self.client_address, self.close_connection = ("", 0), False
        while not self.close_connection and self.rfile.tell() < len(data):
            self.handle_one_request()

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.serve
        raise AttributeError(name)

    def serve(self):
        head = self.rfile.getvalue()[:self.rfile.tell()]
        if not head.endswith((b"\n\r\n", b"\n\n")):
            return  # the stream ended within: no server serves that
        self.names.append(self.headers.get("Host", ""))
        if self.path.startswith("http://"):
            self.names.append(self.path[7:].split("/")[0])
        self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send_response(self, *_):
        pass

    def log_message(self, *_):
        pass


class Nginx:
    """In the namespace of the servers, over loopback: bytes in, the names of its access log out."""

    def __init__(self, lab_dir):
        self.dir = pathlib.Path(lab_dir)
        conf = self.dir / "etc/oracle.conf"
        conf.write_text(NGINX.format(dir=lab_dir, plain=PLAIN, two=TWO))
        self.process = subprocess.Popen(["nginx", "-c", str(conf), "-e", str(self.dir / "log/oracle.err")])
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", TWO)).close()
                break
            except OSError:
                time.sleep(0.05)

    def names(self, streams):
        """For each of many streams the names that nginx answered with success."""
        ports = {}
        for port, (key, data) in enumerate(streams.items(), FIRST_PORT):
            # Its own port for each: the kernel would give one out again, and nginx names a stream by nothing else.
            with socket.create_connection(("127.0.0.1", TWO if data.startswith(PREFACE) else PLAIN),
                                          source_address=("127.0.0.2", port)) as client:
                client.settimeout(0.3)
                ports[port] = key
                try:
                    client.sendall(data)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(65536):
                        pass
                except OSError:
                    pass
        found = {key: [] for key in streams}
        for line in (self.dir / "log/oracle.names").read_text(errors="replace").splitlines():
            port, status, *hosts = line.split("|")
            if int(port) in ports and int(status) < 400:
                found[ports[int(port)]] += hosts
        return found

    def end(self):
        self.process.terminate()
        self.process.wait()


def http_names(streams, lab_dir):
    """Names by stream."""
    nginx = Nginx(lab_dir)
    found = nginx.names(streams)
    nginx.end()
    for key, data in streams.items():
        if not data.startswith(PREFACE):
            found[key] += Handler(data).names
    return {key: [clean(name) for name in names] for key, names in found.items()}


def delivered(log):
    """(client port, address) of what Postfix accepted and sent on, rewritten as it understood it."""
    of = {}
    for line in log.splitlines():
        if came := re.search(r" (\w+): client=\S+\[\S+\]:(\d+)", line):
            of[came[1]] = int(came[2])
        elif (sent := re.search(r" (\w+): to=<([^>]*)>.*status=sent", line)) and sent[1] in of:
            yield of[sent[1]], sent[2].lower()


def clean(name):
    return re.sub(r":\d+$", "", name.strip().lower()).rstrip(".")


if __name__ == "__main__":  # LAB_DIR FILE: `key hex` lines of streams
    with open(sys.argv[2], encoding="ascii") as lines:
        given = {key: bytes.fromhex(data) for key, data in map(str.split, lines)}
    for key, names in http_names(given, sys.argv[1]).items():
        print(json.dumps([key, names]))
