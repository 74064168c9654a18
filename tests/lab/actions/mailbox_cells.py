# SPDX-License-Identifier: Apache-2.0
"""IMAP and POP3 by curl from Dovecot."""

import os
import pathlib
import pwd
import time

from cells import LONG_BYTES, SHORTEST_S, Protocol, outside
from lab import until

SERVER = "198.51.100.25"
CONFIG = """base_dir = {dir}/run
state_dir = {dir}/run
log_path = {dir}/dovecot.log
protocols = imap pop3
listen = {server}
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
mail_location = maildir:{dir}/mail/%u
mail_uid = {uid}
mail_gid = {gid}
passdb {{
  driver = static
  args = password=open
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={dir}/mail/%u
}}
service imap-login {{
  chroot =
}}
service pop3-login {{
  chroot =
}}
"""


def servers(lab):
    folder = lab.dir / "dovecot"
    owner = pwd.getpwnam("dovecot")
    for action in ("allow", "report", "limit", "block", "trial"):
        new = folder / "mail" / action / "new"
        new.mkdir(parents=True)
        text = "From: a@partner.example\nSubject: hello\n\n" + ("y" * 78 + "\n") * (LONG_BYTES // 79)
        (new / "1.M1.host").write_text(text)
    for path in [folder, *(folder / "mail").rglob("*"), folder / "mail"]:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    config = folder / "dovecot.conf"
    config.write_text(CONFIG.format(dir=folder, server=SERVER, uid=owner.pw_uid, gid=owner.pw_gid))
    server = outside(lab, "dovecot.out", "dovecot", "-F", "-c", str(config))
    assert until(lambda: all(f":{port} " in lab.outside("ss", "-Hltn").out for port in (110, 143))), "Dovecot did not come up"
    return [server]


def log(cell):
    try:
        return pathlib.Path(cell.lab.dir / "dovecot/dovecot.log").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def logins(cell):
    return [line for line in log(cell).splitlines() if f"{cell.protocol}-login: Info: Login: user=<{cell.action}>" in line]


def fetch(cell):
    path = "INBOX;MAILINDEX=1" if cell.protocol == "imap" else "1"
    begun = time.monotonic()
    ran = cell.lab.curl("--interface", cell.address, "--user", f"{cell.action}:open", f"{cell.protocol}://{SERVER}/{path}")
    cell.seconds = time.monotonic() - begun
    return ran


def fetched(cell):
    ran = fetch(cell)
    cell.saw("client", f"{len(ran.out)} bytes in {cell.seconds:.1f} s")
    cell.check(ran.code == 0 and "Subject: hello" in ran.out and len(ran.out) > LONG_BYTES * 0.9,
               f"the mail should be fetched: {ran.code} {ran.err} {len(ran.out)} bytes")
    cell.check(until(lambda: logins(cell)), "the server should know of the login")
    cell.saw("server", "a login")


def recorded(rule, action):
    def played(cell):
        fetched(cell)
        cell.check_recorded(rule, action)
    return played


def limit(cell):
    fetched(cell)
    cell.check(cell.seconds >= SHORTEST_S, f"it took {cell.seconds:.2f} s, {SHORTEST_S} s at least were due")
    cell.check_recorded("limit-mailbox", "limit")


def block(cell):
    ran = fetch(cell)
    cell.saw("client", f"curl ended with {ran.code}: {ran.text}")
    cell.check(ran.code in (52, 55, 56, 7, 8), f"the connection should be reset, curl ended with {ran.code}: {ran.err}")
    cell.check(cell.seconds < 3, "it should be refused at once")
    cell.check(not logins(cell), "nobody should have logged in")
    cell.saw("server", "no login")
    cell.check_recorded("block-mailbox", "block")


CELLS = {"allow": fetched, "report": recorded("report-mailbox", "report"), "limit": limit, "block": block,
         "trial": recorded("trial-mailbox", "would block")}
PROTOCOLS = (Protocol("imap", CELLS), Protocol("pop3", CELLS))
