# SPDX-License-Identifier: Apache-2.0
"""Programs that log in, send mail, chat, tunnel, copy or ask for an address."""

import os

from program import HOST, PEER, PYTHON, Program, on_terminal, said, upstream

LETTER = b"Good morning.\n"
SENDER, TO = "ann@inside.example", "bob@partner.example"


def quiet_programs(place):
    """Those that Weir says nothing of before their flow has ended, which takes it a quarter of a minute: run them first."""
    mosh = on_terminal("stty rows 24 cols 80; MOSH_KEY=$(cat " + place + "/mosh.key)", "mosh-client", HOST, "60001")
    return [
        Program("dbclient", "dropbear-bin", "dropbear", said(["dbclient", "-V"], r"v([0-9.]+)"),
                ["dbclient", "-y", "-y", "-p", "2022", "x@" + HOST, "true"]),
        Program("rsync", "rsync", "rsync", None, ["rsync", f"rsync://{HOST}:873/"]),
        Program("msmtp", "msmtp", "msmtp", None,
                ["msmtp", "--host=mail.example", "--port=25", "--from=" + SENDER, TO], stdin=b"Subject: hello\n\n" + LETTER),
        Program("openvpn", "openvpn", "openvpn", None, openvpn("1194"), seconds=3),
        Program("mosh-client", "mosh", "mosh", None, mosh, env={"TERM": "xterm"}, seconds=3),
    ]


def ssh_programs():
    paramiko = ("import paramiko,sys; c = paramiko.SSHClient(); c.set_missing_host_key_policy(paramiko.AutoAddPolicy()); "
                "c.connect(sys.argv[1], 2022, 'x', 'y', look_for_keys=False, allow_agent=False)")
    return [
        Program("ssh", "openssh-client", "openssh", said(["ssh", "-V"], r"OpenSSH_([0-9a-z.]+)"),
                ["ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-p",
                 "2022", "x@" + HOST, "true"]),
        Program("plink", "putty-tools", "putty", said(["plink", "-V"], r"Release ([0-9.]+)"),
                ["plink", "-ssh", "-batch", "-P", "2022", "x@" + HOST, "true"]),
        Program("python3 paramiko", "python3-paramiko", "paramiko", upstream("python3-paramiko"),
                [PYTHON, "-c", paramiko, HOST]),
    ]


def mail_programs(place):
    mutt = ["-n", "-F", "/dev/null", "-e", f"set from={SENDER} smtp_url=smtp://mail.example ssl_starttls=no ssl_force_tls=no "
            "user_agent=yes copy=no", "-s", "hello", TO]
    return [
        Program("swaks", "swaks", "swaks", said(["swaks", "--version"], r"version (\S+)"),
                ["swaks", "--server", "mail.example", "--from", SENDER, "--to", TO, "--silent", "2"]),
        Program("s-nail", "s-nail", "s-nail", said(["s-nail", "--version"], r"v([0-9.]+)"),
                ["s-nail", "-:/", "-Sv15-compat", "-Smta=smtp://mail.example", "-Ssmtp-auth=none", "-Sfrom=" + SENDER,
                 "-s", "hello", TO], stdin=LETTER),
        Program("mutt", "mutt", "mutt", said(["mutt", "-v"], r"Mutt ([0-9.]+)"), ["mutt", *mutt], stdin=LETTER),
        Program("neomutt", "neomutt", "neomutt", said(["neomutt", "-v"], r"NeoMutt ([0-9]+)"), ["neomutt", *mutt],
                stdin=LETTER),
        Program("git send-email", "git-email", "git", said(["git", "--version"], r"version ([0-9.]+)"),
                ["git", "send-email", "--from", SENDER, "--to", TO, "--smtp-server", "mail.example", "--confirm=never",
                 "--quiet", place + "/patch"], env={"EMAIL": SENDER}),
    ]


def openvpn(port, *options):
    pki = os.environ["LAB_DIR"] + "/pki"
    return ["openvpn", "--tls-client", "--dev", "null", "--ifconfig-noexec", "--proto", "udp", "--remote", HOST, port, "--ca",
            f"{pki}/ca.pem", "--cert", f"{pki}/open.example.pem", "--key", f"{pki}/open.example.key", "--nobind", *options]


def other_programs(place):
    return [
        Program("irssi", "irssi", "irc", None, on_terminal("irssi", "--home=" + place + "/irssi", "-c", HOST, "-n", "ann"),
                env={"TERM": "xterm"}),
        Program("openvpn, tls-auth", "openvpn", "openvpn", None, openvpn("1195", "--tls-auth", place + "/ta.key", "1")),
        Program("wireguard-go", "wireguard-go", "wireguard", None,
                [os.environ["LAB_SOFTWARE"] + "/wireguard", place, "i", "10.99.0.2/24", HOST]),
        Program("tor", "tor", "tor", None,
                ["tor", "--hush", "-f", place + "/torrc", "--DataDirectory", place + "/tor", "--UseBridges", "1", "--Bridge",
                 PEER + ":9001", "--SocksPort", "9050"]),
        Program("syncthing", "syncthing", "syncthing", None,
                ["syncthing", "serve", "--no-browser", "--no-restart", "--no-default-folder",
                 "--home=" + place + "/syncthing", "--gui-address=127.0.0.1:8385"], library="go-http-client"),
        Program("udhcpc", "udhcpc", "busybox-udhcpc", said(["busybox"], r"BusyBox v([0-9.]+)"),
                ["udhcpc", "-f", "-q", "-n", "-t", "3", "-i", "lan0", "-s", "/bin/true"], addressless=True),
    ]
