# SPDX-License-Identifier: Apache-2.0
"""Programs that fetch something over HTTP, where they show their name, or from BitTorrent peers."""

import os

from program import BROWSER_S, HOST, PYTHON, WEB, Program, on_terminal, said, upstream


def web_programs(place):
    httpx = "import httpx,sys; httpx.get(sys.argv[1])"
    requests = "import requests,sys; requests.get(sys.argv[1])"
    urllib = "import urllib.request,sys; urllib.request.urlopen(sys.argv[1]).read()"
    fetch = "fetch(process.argv[1]).then(r => r.text())"
    return [
        Program("curl", "curl", "curl", said(["curl", "--version"], r"curl ([0-9.]+)"), ["curl", "-s", WEB]),
        Program("wget", "wget", "wget", said(["wget", "--version"], r"Wget ([0-9.]+)"), ["wget", "-qO-", WEB]),
        Program("w3m", "w3m", "w3m", said(["w3m", "-version"], r"w3m/([0-9A-Za-z.+_-]+)"), ["w3m", "-dump", WEB]),
        Program("lynx", "lynx", "lynx", said(["lynx", "-version"], r"Lynx Version (\S+)"), ["lynx", "-dump", WEB]),
        Program("links", "links", "links", said(["links", "-version"], r"Links ([0-9.]+)"), ["links", "-dump", WEB]),
        Program("elinks", "elinks", "elinks", said(["elinks", "-version"], r"ELinks ([0-9.]+)"),
                ["elinks", "-dump", WEB]),
        Program("lftp", "lftp", "lftp", said(["lftp", "--version"], r"LFTP \| Version ([0-9.]+)"),
                ["lftp", "-c", f"set net:max-retries 1; open {WEB}; cat /index.html"]),
        Program("aria2c", "aria2", "aria2", said(["aria2c", "--version"], r"version ([0-9.]+)"),
                ["aria2c", "-q", "-d", place, "-o", "aria2.out", WEB + "/index.html"]),
        Program("axel", "axel", "axel", said(["axel", "--version"], r"Axel ([0-9.]+)"),
                ["axel", "-q", "-n", "1", "-o", place + "/axel.out", WEB + "/index.html"]),
        Program("http (HTTPie)", "httpie", "httpie", said(["http", "--version"], r"([0-9.]+)"),
                ["http", "--ignore-stdin", "GET", WEB]),
        Program("GET (LWP)", "libwww-perl", "libwww-perl", upstream("libwww-perl"), ["GET", WEB]),
        Program("python3 urllib", "python3", "python-urllib", said([PYTHON, "--version"], r"Python (\d+\.\d+)"),
                [PYTHON, "-c", urllib, WEB]),
        Program("python3 requests", "python3-requests", "python-requests", upstream("python3-requests"),
                [PYTHON, "-c", requests, WEB]),
        Program("python3 httpx", "python3-httpx", "python-httpx", upstream("python3-httpx"), [PYTHON, "-c", httpx, WEB]),
        Program("node, fetch", "nodejs", "nodejs", None, ["node", "-e", fetch, WEB]),
        Program("mpv", "mpv", "mpv", None,
                ["mpv", "--no-config", "--ytdl=no", "--vo=null", "--ao=null", WEB + "/index.html"]),
        Program("rclone", "rclone", "rclone", None,
                ["rclone", "lsf", ":http:", "--http-url", WEB, "--retries", "1", "--config", place + "/rclone.conf"]),
        Program("nmap --script", "nmap", "nmap", None, ["nmap", "-n", "-Pn", "-sT", "-p80", "--script", "http-title", HOST]),
        Program("sqlmap", "sqlmap", "sqlmap", said(["sqlmap", "--version"], r"([0-9.]+)"),
                ["sqlmap", "-u", WEB + "/?id=1", "--batch", "--smart", "--output-dir=" + place + "/sqlmap"]),
    ]


def code_programs(place):
    """What fetches code and packages."""
    return [
        Program("git", "git", "git", said(["git", "--version"], r"version ([0-9.]+)"),
                ["git", "ls-remote", WEB + "/x.git"]),
        Program("svn", "subversion", "subversion", said(["svn", "--version"], r"version ([0-9.]+)"),
                ["svn", "ls", "--non-interactive", WEB + "/svn"]),
        Program("hg", "mercurial", "mercurial", said(["hg", "--version"], r"version ([0-9.]+)"),
                ["hg", "identify", WEB + "/hg"]),
        Program("apt-get update", "apt", "apt", said(["apt", "--version"], r"apt ([0-9.]+)"), apt_get(place, "sources")),
        Program("pip", "python3-pip", "pip", said([PYTHON, "-m", "pip", "--version"], r"pip ([0-9.]+)"),
                [PYTHON, "-m", "pip", "--isolated", "--disable-pip-version-check", "--no-cache-dir", "--retries", "0",
                 "download", "-d", place, "--index-url", WEB + "/simple", "--trusted-host", "tools.example", "x"]),
    ]


def apt_get(place, sources, *options):
    return ["apt-get", "update", "-o", f"Dir::Etc::sourcelist={place}/{sources}", "-o", "Dir::Etc::sourceparts=-", "-o",
            f"Dir::State::lists={place}/lists", "-o", f"Dir::Cache={place}", "-o", "Acquire::Retries=0", "-o",
            "APT::Sandbox::User=root", *options]


def chromium(place, *command):
    return ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={place}/chromium", "--dump-dom",
            *command]


def browsers(place):
    return [
        Program("chromium", "chromium", "headless-chrome", said(["chromium", "--version"], r"Chromium (\d+)", ".0.0.0"),
                chromium(place, WEB), library="chromium-engine", seconds=BROWSER_S),
        Program("firefox", "firefox-esr", "firefox", said(["firefox-esr", "--version"], r"Firefox (\d+)", ".0"),
                ["firefox-esr", "--headless", "--no-remote", "--profile", place + "/firefox", WEB],
                library="gecko-engine", seconds=BROWSER_S),
    ]


def torrent_programs(place):
    torrent = os.environ["LAB_DIR"] + "/seed/holiday.torrent"
    return [
        Program("transmission-cli", "transmission-cli", "transmission",
                said(["transmission-cli", "-V"], r"cli ([0-9.]+)"),
                ["transmission-cli", "-g", place + "/transmission", "-w", place, torrent], library="libcurl",
                also=("bittorrent",)),
        Program("rtorrent", "rtorrent", "rtorrent", said(["rtorrent", "-h"], r"version (\d+(?:\.\d+)+)"),
                on_terminal("rtorrent", "-n", "-d", place + "/rtorrent", "-s", place + "/rtorrent", torrent),
                library="libcurl", also=("bittorrent",)),
    ]
