# SPDX-License-Identifier: Apache-2.0
"""The programs: what each says to a server of the lab, and which product and version it is by Debian's own word. A version
None: the program does not show it on the wire, so Weir cannot be asked for it."""

import dataclasses
import os
import re
import subprocess

WEB = "http://tools.example"
TLS_WEB = "https://tools.example"
SSH = "198.51.100.10"


@dataclasses.dataclass
class Program:
    name: str        # of the row
    product: str     # id of the catalogue
    version: str     # as the program shows it; None: not at all
    command: list    # run inside; its exit code is of no interest, what it says is
    also: tuple = ()  # products that are right too: the library that the program really is
    stdin: bytes = b""


def upstream(package):
    """Debian's version without epoch and without what Debian added."""
    text = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True,
                          check=True).stdout
    return re.sub(r"^\d+:", "", text).rsplit("-", 1)[0]


def said(command, pattern):
    """The version that the program itself prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return re.search(pattern, done.stdout + done.stderr).group(1)


def web_programs(place, ca):
    python = said(["/usr/bin/python3", "--version"], r"Python (\d+\.\d+)")
    requests = "import requests,sys; requests.get(sys.argv[1])"
    urllib = "import urllib.request,sys; urllib.request.urlopen(sys.argv[1]).read()"
    fetch = "fetch(process.argv[1]).then(r => r.text())"
    return [
        Program("curl", "curl", said(["curl", "--version"], r"curl ([0-9.]+)"), ["curl", "-s", WEB]),
        Program("wget", "wget", said(["wget", "--version"], r"Wget ([0-9.]+)"), ["wget", "-qO-", WEB]),
        Program("w3m", "w3m", said(["w3m", "-version"], r"w3m/([0-9A-Za-z.+_-]+)"), ["w3m", "-dump", WEB]),
        Program("lynx", "lynx", said(["lynx", "-version"], r"Lynx Version (\S+)"), ["lynx", "-dump", WEB]),
        Program("links", "links", said(["links", "-version"], r"Links ([0-9.]+)"), ["links", "-dump", WEB]),
        Program("lftp", "lftp", said(["lftp", "--version"], r"LFTP \| Version ([0-9.]+)"),
                ["lftp", "-c", f"set net:max-retries 1; open {WEB}; cat /index.html"]),
        Program("aria2c", "aria2", said(["aria2c", "--version"], r"version ([0-9.]+)"),
                ["aria2c", "-q", "-d", place, "-o", "a", WEB + "/index.html"]),
        Program("python3 urllib", "python-urllib", python, ["/usr/bin/python3", "-c", urllib, WEB]),
        Program("python3 requests", "python-requests", upstream("python3-requests").split("+")[0],
                ["/usr/bin/python3", "-c", requests, WEB]),
        Program("git", "git", said(["git", "--version"], r"version ([0-9.]+)"),
                ["git", "ls-remote", WEB + "/x.git"]),
        Program("apt", "apt", said(["apt", "--version"], r"apt ([0-9.]+)"),
                ["apt-get", "update", "-o", f"Dir::Etc::sourcelist={place}/sources", "-o",
                 "Dir::Etc::sourceparts=-", "-o", f"Dir::State::lists={place}/lists", "-o",
                 f"Dir::Cache={place}", "-o", "Acquire::Retries=0", "-o", "APT::Sandbox::User=root"]),
        Program("mpv", "mpv", None, ["mpv", "--no-config", "--ytdl=no", "--vo=null", "--ao=null", WEB + "/index.html"],
                also=("ffmpeg",)),
        Program("node fetch", "nodejs", None, ["node", "-e", fetch, WEB]),
        Program("transmission-cli", "transmission", said(["transmission-cli", "-V"], r"cli ([0-9.]+)"),
                ["timeout", "6", "transmission-cli", "-g", place + "/transmission", "-w", place,
                 os.environ["LAB_DIR"] + "/seed/holiday.torrent"], also=("bittorrent",)),
        Program("curl over TLS", "curl", None, ["curl", "-s", "--cacert", ca, TLS_WEB]),
        Program("wget over TLS", "wget", None, ["wget", "-qO-", "--ca-certificate=" + ca, TLS_WEB]),
    ]


def other_programs(place):
    letter = b"Good morning.\n"
    sender, to = "ann@inside.example", "bob@partner.example"
    mutt = ["-e", f"set from={sender} smtp_url=smtp://mail.example ssl_starttls=no ssl_force_tls=no user_agent=yes copy=no"]
    return [
        Program("ssh", "openssh", said(["ssh", "-V"], r"OpenSSH_([0-9a-z.]+)"),
                ["ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
                 "-p", "2022", "x@" + SSH, "true"]),
        Program("dbclient", "dropbear", said(["dbclient", "-V"], r"v([0-9.]+)"),
                ["dbclient", "-y", "-y", "-p", "2022", "x@" + SSH, "true"]),
        Program("sftp", "openssh", said(["ssh", "-V"], r"OpenSSH_([0-9a-z.]+)"),
                ["sftp", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
                 "-P", "2022", "x@" + SSH]),
        Program("swaks", "swaks", said(["swaks", "--version"], r"version (\S+)"),
                ["swaks", "--server", "mail.example", "--from", sender, "--to", to, "--silent", "2"]),
        Program("s-nail", "s-nail", said(["s-nail", "--version"], r"v([0-9.]+)"),
                ["s-nail", "-:/", "-Sv15-compat", "-Smta=smtp://mail.example",
                 "-Ssmtp-auth=none", "-Sfrom=" + sender, "-s", "hello", to], stdin=letter),
        Program("mutt", "mutt", said(["mutt", "-v"], r"Mutt ([0-9.]+)"),
                ["mutt", "-n", "-F", "/dev/null", *mutt, "-s", "hello", to], stdin=letter),
        Program("rsync", "rsync", None, ["rsync", f"rsync://{SSH}:873/"]),
        Program("openvpn", "openvpn", None,
                ["timeout", "3", "openvpn", "--client", "--dev", "null", "--proto", "udp", "--remote", SSH, "1194", "--ca",
                 os.environ["LAB_DIR"] + "/pki/ca.pem", "--nobind", "--auth-user-pass", place + "/login"]),
    ]
