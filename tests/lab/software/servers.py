# SPDX-License-Identifier: Apache-2.0
"""Servers that the lab does not have, outside: SSH, rsync, IRC, OpenVPN, WireGuard, a Tor bridge, mosh, DHCP. They end
with the lab. One that is not installed is left out; its program is then skipped."""

import os
import pathlib
import shutil
import subprocess

from lab import until
from program import HOST, PEER


def start(place, *argv):
    if not shutil.which(argv[0]):
        return
    with open(place / f"server-{pathlib.Path(argv[0]).name}.log", "ab") as log:
        subprocess.Popen(["ip", "netns", "exec", os.environ["LAB_OUT"], *argv], stdin=subprocess.DEVNULL, stdout=log,
                         stderr=log)


def ask(*argv, **keywords):
    return subprocess.run(argv, capture_output=True, check=True, **keywords).stdout


def ssh(place):
    ask("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{place}/host")
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    start(place, "/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", "2022", "-h", f"{place}/host", "-o", "PidFile=none")


def rsync(place):
    (place / "rsyncd.conf").write_text(f"use chroot = no\n[files]\npath = {place}\n")
    start(place, "rsync", "--daemon", "--no-detach", f"--config={place}/rsyncd.conf")


def irc(place):
    (place / "ngircd.conf").write_text(
        f"[Global]\nName = irc.example\nListen = {HOST}\nMotdPhrase = hello\nPidFile =\n"
        "[Options]\nDNS = no\nIdent = no\nPAM = no\n")
    start(place, "ngircd", "-n", "-f", f"{place}/ngircd.conf")


def openvpn(place):
    """One as its manual begins, and one behind its "HMAC firewall"."""
    if not shutil.which("openvpn"):
        return
    pki = os.environ["LAB_DIR"] + "/pki"
    ask("openvpn", "--genkey", "tls-auth", f"{place}/ta.key")
    for port, options in (("1194", ()), ("1195", ("--tls-auth", f"{place}/ta.key", "0"))):
        start(place, "openvpn", "--tls-server", "--dev", "null", "--ifconfig-noexec", "--proto", "udp", "--local", HOST,
              "--port", port, "--ca", f"{pki}/ca.pem", "--cert", f"{pki}/tools.example.pem", "--key",
              f"{pki}/tools.example.key", "--dh", "none", *options)


def tunnels(place):
    if shutil.which("wg"):
        for side in "io":
            key = ask("wg", "genkey")
            (place / f"wg-{side}").write_bytes(key)
            (place / f"wg-{side}.pub").write_bytes(ask("wg", "pubkey", input=key))
        start(place, os.environ["LAB_SOFTWARE"] + "/wireguard", str(place), "o", "10.99.0.1/24")
    (place / "tor-bridge").mkdir(mode=0o700)
    (place / "torrc").write_text("")
    start(place, "tor", "--hush", "-f", f"{place}/torrc", "--DataDirectory", f"{place}/tor-bridge", "--SocksPort", "0",
          "--ORPort", f"{PEER}:9001 IPv4Only", "--BridgeRelay", "1", "--PublishServerDescriptor", "0", "--AssumeReachable",
          "1", "--ExitRelay", "0")


def mosh(place):
    if shutil.which("mosh-server"):
        told = ask("ip", "netns", "exec", os.environ["LAB_OUT"], "mosh-server", "new", "-i", HOST, "-p", "60001", "--",
                   "cat", env={**os.environ, "LC_ALL": "C.UTF-8"})
        (place / "mosh.key").write_bytes(told.split(b"MOSH CONNECT 60001 ")[1].split()[0])


def dhcp(place):
    start(place, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=wan0",
          "--dhcp-range=10.20.9.1,10.20.9.99,255.255.0.0", f"--dhcp-leasefile={place}/leases", "--pid-file", "--user=root")


def serve(lab, place):
    for server in (ssh, rsync, irc, openvpn, tunnels, mosh, dhcp):
        server(place)
    # What looks for itself in the world finds the lab's web server.
    names = "discovery.syncthing.net discovery-v4.syncthing.net discovery-v6.syncthing.net relays.syncthing.net"
    pathlib.Path("/etc/netns", os.environ["LAB_IN"], "hosts").write_text(f"127.0.0.1 localhost\n{HOST} {names}\n")
    for program, kind, port in (("sshd", "t", 2022), ("rsync", "t", 873), ("ngircd", "t", 6667), ("tor", "t", 9001),
                                ("openvpn", "u", 1195), ("wireguard-go", "u", 51820), ("dnsmasq", "u", 67)):
        if shutil.which(program) and not until(lambda: lab.outside("ss", f"-Hln{kind}", f"sport = :{port}").out):
            raise SystemExit(f"no server on port {port}: {program}")
