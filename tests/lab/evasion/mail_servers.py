# SPDX-License-Identifier: Apache-2.0
"""Mail servers that say which recipients they took: one line a recipient, `server-port client-port - address`. Postfix,
which asks a policy service here about each one, and aiosmtpd for AUTH and LMTP. In the servers' namespace."""

import asyncio
import logging
import os
import pathlib
import shutil
import subprocess
import sys
import warnings

import ports
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, AuthResult

WARM = 24
MAIN = """compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example
mydestination = relay.example
local_recipient_maps =
smtpd_client_port_logging = yes
alias_maps =
alias_database =
inet_interfaces = {addresses}
mynetworks = 0.0.0.0/0 [::]/0
default_transport = discard:
relay_transport = discard:
local_transport = discard:
virtual_transport = discard:
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy}, permit
smtpd_tls_cert_file = {pem}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_authorized_xclient_hosts = 0.0.0.0/0 [::]/0
smtpd_recipient_limit = 2000
smtpd_recipient_overshoot_limit = 2000
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 2000
smtpd_client_connection_count_limit = 0
default_process_limit = 200
line_length_limit = 65536
"""
SERVICES = """{smtp}
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
"""


def say(port, peer, address):
    print(port, peer, "-", address.encode().hex(), flush=True)


async def answer_policy(reader, writer):
    """Lines of key=value up to an empty one, one action back (Postfix SMTPD_POLICY_README)."""
    asked = {}
    while line := (await reader.readline()).decode("utf-8", "replace"):
        key, _, value = line.rstrip("\n").partition("=")
        if key:
            asked[key] = value
            continue
        if asked.get("protocol_state") == "RCPT":
            say(asked.get("server_port", "0"), asked["client_port"], asked["recipient"])
        asked = {}
        writer.write(b"action=DUNNO\n\n")
    writer.close()


class Keeper:
    def __init__(self, port):
        self.port = port

    async def handle_RCPT(self, server, session, envelope, address, options):
        say(self.port, session.peer[1], address)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        return "250 2.0.0 stored"


def postfix(lab_dir):
    """Its folders; the command that runs it in the foreground."""
    here = pathlib.Path(lab_dir) / "postfix"
    shutil.rmtree(here, ignore_errors=True)
    for name in ("conf", "spool", "data"):
        (here / name).mkdir(parents=True)
    shutil.chown(here / "data", "postfix")
    (here / "conf/main.cf").write_text(MAIN.format(
        dir=here, addresses="198.51.100.10, [2001:db8:100::10]", policy=ports.POLICY,
        pem=f"{lab_dir}/pki/mail.example.pem", key=f"{lab_dir}/pki/mail.example.key"))
    smtp = "\n".join(f"{port} inet n - n - - smtpd" for port in (ports.SMTP, ports.SUBMISSION, ports.SMTP_OTHER))
    (here / "conf/master.cf").write_text(SERVICES.format(smtp=smtp))
    return ["postfix", "-c", str(here / "conf"), "start-fg"]


async def warm(running):
    """Waits for Postfix, and for as many of its processes as will be needed at once: they stay."""
    while running.poll() is None:
        try:
            clients = [await asyncio.open_connection("198.51.100.10", ports.SMTP) for _ in range(WARM)]
            break
        except OSError:
            await asyncio.sleep(0.1)
    for reader, _ in clients:
        await reader.readline()
    for _, writer in clients:
        writer.close()


async def main():
    loop = asyncio.get_running_loop()

    def check(server, session, envelope, mechanism, data):
        return AuthResult(success=True)
    await asyncio.start_server(answer_policy, "127.0.0.1", ports.POLICY)
    for address in ("198.51.100.10", "2001:db8:100::10"):
        await loop.create_server(lambda: SMTP(Keeper(ports.SMTP_AUTH), authenticator=check, auth_require_tls=False),
                                 address, ports.SMTP_AUTH)
        await loop.create_server(lambda: LMTP(Keeper(ports.LMTP)), address, ports.LMTP)
    with open(os.devnull, "w", encoding="ascii") as nowhere:
        running = subprocess.Popen(postfix(sys.argv[1]), stdout=nowhere, stderr=nowhere)
    await warm(running)
    print("ready", flush=True)
    while running.poll() is None:
        await asyncio.sleep(1)
    print("postfix ended", running.returncode, file=sys.stderr, flush=True)


if __name__ == "__main__":
    logging.disable()
    warnings.simplefilter("ignore")
    asyncio.run(main())
