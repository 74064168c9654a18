#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The lab's mail server: takes mail for any address, keeps each message in a Maildir with the envelope it came
with, and offers STARTTLS. One line a command is logged, so that one can see what reached it."""

import argparse
import asyncio
import mailbox
import signal
import ssl

from aiosmtpd.smtp import SMTP


class Keeper:
    """Says yes to everything and keeps it."""

    def __init__(self, path):
        self.maildir = mailbox.Maildir(path, create=True)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        print(f"helo {hostname}", flush=True)
        session.host_name = hostname
        responses[1:1] = ["250-PIPELINING"]  # it reads one line after the other
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        print(f"mail-from {address}", flush=True)
        envelope.mail_from = address
        return "250 2.1.0 ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        print(f"rcpt-to {address}", flush=True)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        message = mailbox.MaildirMessage(envelope.content)
        message["X-Envelope-From"] = envelope.mail_from
        message["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
        message["X-Peer"] = session.peer[0]
        message["X-Starttls"] = "yes" if session.ssl else "no"
        self.maildir.add(message)
        print(f"stored {envelope.mail_from} {','.join(envelope.rcpt_tos)}", flush=True)
        return "250 2.0.0 stored"


async def serve(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    keeper = Keeper(options.maildir)
    loop = asyncio.get_running_loop()
    for address in options.listen:
        await loop.create_server(
            lambda: SMTP(keeper, hostname="mail.example", tls_context=context), address, options.port)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--maildir", required=True)
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--listen", action="append", required=True)
    parser.add_argument("--port", type=int, default=25)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
