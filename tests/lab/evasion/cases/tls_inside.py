# SPDX-License-Identifier: Apache-2.0
"""TLS inside another protocol: behind STARTTLS and its kin, in a proxy's tunnel, behind a PROXY header."""

import ipaddress
import struct

import ports
from cases import case

PROXY_V2 = b"\r\n\r\n\0\r\nQUIT\n"


def inside(number, port, talk):
    """`talk` plays what comes before the ClientHello."""
    @case(number, "tls", port)
    def play(client, data, decoy, name):
        talk(client, name)
        client.send(data)


def ask(client, question, end):
    client.send(question)
    client.read_until(end)


def smtp(client, name):
    client.read_until(b"\n")
    ask(client, b"EHLO x\r\n", b"250 STARTTLS\r\n")
    ask(client, b"STARTTLS\r\n", b"220 go ahead\r\n")


def imap(client, name):
    client.read_until(b"\n")
    ask(client, b"a1 STARTTLS\r\n", b"a1 OK go ahead\r\n")


def pop3(client, name):
    client.read_until(b"\n")
    ask(client, b"STLS\r\n", b"\n")


def ftp(client, name):
    client.read_until(b"\n")
    ask(client, b"AUTH TLS\r\n", b"234 go ahead\r\n")


def connect(client, name):
    ask(client, b"CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\n\r\n", b"\r\n\r\n")


def socks5(client, name):
    ask(client, b"\5\1\0", b"\5\0")
    ask(client, b"\5\1\0\1" + ipaddress.ip_address("192.0.2.1").packed + struct.pack(">H", 443), b"\5\0\0\1" + bytes(6))


def socks4(client, name):
    ask(client, b"\4\1" + struct.pack(">H", 443) + ipaddress.ip_address("192.0.2.1").packed + b"me\0", b"\0\x5a" + bytes(6))


def proxy_header(client, name):
    client.send(b"PROXY TCP4 10.0.0.1 192.0.2.1 40000 443\r\n")


def proxy_header_2(client, name):
    client.send(PROXY_V2 + b"\x21\x11" + struct.pack(">H", 12) + bytes([10, 0, 0, 1, 192, 0, 2, 1]) + struct.pack(">HH", 40000, 443))


inside("T40-smtp", ports.PLAIN_SMTP, smtp)
inside("T40-imap", ports.IMAP, imap)
inside("T40-pop3", ports.POP3, pop3)
inside("T40-ftp", ports.FTP, ftp)
inside("T40-connect", ports.PROXY, connect)
inside("T40-socks5", ports.SOCKS, socks5)
inside("T40-socks4", ports.SOCKS, socks4)
inside("T40-proxy1", ports.TLS, proxy_header)
inside("T40-proxy2", ports.TLS, proxy_header_2)
