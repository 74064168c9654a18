# SPDX-License-Identifier: Apache-2.0
"""Mail: a message to a recipient, over a kernel's TCP to Postfix (AUTH and LMTP: aiosmtpd), in the ways in which a server
can be told of one."""

import base64
import ssl

import ports
from cases import NOT_PLAYED, case

OTHER = b"someone@partner.example"
MESSAGE = b"From: <me@home.example>\r\nSubject: hello\r\n\r\nA line.\r\n.\r\n"


class Session:
    def __init__(self, client, greeting=b"EHLO me.home.example\r\n"):
        self.client = client
        self.reply()
        if greeting:
            self.say(greeting)

    def reply(self):
        """One reply of however many lines."""
        while (line := self.client.read_until(b"\n"))[3:4] == b"-":
            pass
        return line

    def say(self, line, pieces=0):
        self.client.send(line, pieces)
        return self.reply()

    def write(self, data, pieces=0):
        self.client.send(data, pieces)

    def envelope(self, *recipients):
        self.say(b"MAIL FROM:<me@home.example>\r\n")
        for recipient in recipients:
            self.say(b"RCPT TO:<" + recipient + b">\r\n")

    def message(self, text=MESSAGE):
        self.say(b"DATA\r\n")
        return self.say(text)


def mail(number, port=ports.SMTP, greeting=b"EHLO me.home.example\r\n"):
    """The function gets a session after its greeting, and the recipient."""
    def add(play):
        @case(number, "smtp", port)
        def whole(client, data, decoy, name):
            play(Session(client, greeting), b"victim@" + name.encode())
        return play
    return add


def lines(number, text, pieces=0, port=ports.SMTP, end=b"\r\n"):
    """All that follows the greeting in one write; `%` is the recipient."""
    @mail(number, port)
    def play(session, recipient):
        session.write(text.replace(b"\n", end).replace(b"%", recipient), pieces)
        for _ in range(4):
            session.reply()


def recipient_form(number, form, domain_of=lambda recipient: recipient.split(b"@")[1], options=b""):
    """RCPT TO with this instead of <recipient>; `~` is its domain."""
    @mail(number)
    def play(session, recipient):
        session.say(b"MAIL FROM:<me@home.example>" + options + b"\r\n")
        session.say(b"RCPT TO:" + form.replace(b"~", domain_of(recipient)) + b"\r\n")
        session.message()


@mail("S01")
def base(session, recipient):
    session.envelope(recipient)
    session.message()


WHOLE = b"MAIL FROM:<me@home.example>\nRCPT TO:<%>\nDATA\n"
lines("S02", WHOLE)
lines("S03", WHOLE, pieces=3)
lines("S04", b"mAiL fRoM:<me@home.example>\nrCpT tO:<%>\ndata\n")
lines("S05", WHOLE, end=b"\n")
lines("S05b", b"MAIL FROM:<me@home.example>\r\nRCPT TO:<%>\nDATA\r\n", end=b"\n")
lines("S06", b"MAIL FROM: <me@home.example>\nRCPT TO:  <%>\nDATA\n")
lines("S06b", b"MAIL FROM:me@home.example\nRCPT TO:%\nDATA\n")
lines("S06c", b"  MAIL FROM:<me@home.example>\n RCPT\tTO:<%>\nDATA\n")
lines("S07", b"MAIL FROM:<me@home.example>\nRCPT TO:<someone@partner.example>\nRCPT TO:<%>\nDATA\n")


def second_message(number, first):
    """What `first` plays ends one message; then another one goes to the recipient."""
    @mail(number)
    def play(session, recipient):
        session.envelope(OTHER)
        session.write(first + b"MAIL FROM:<me@home.example>\r\nRCPT TO:<" + recipient + b">\r\nDATA\r\n")
        for _ in range(4):
            session.reply()


second_message("S08", b"BDAT 8\r\nSubject:BDAT 4 LAST\r\n a\r\n")
second_message("S08b", b"BDAT 12\r\nSubject: a\r\nBDAT 0 LAST\r\n")
second_message("S08c", b"BDAT 0 LAST\r\n")
second_message("S08d", b"BDAT 6 LAST\r\n.\r\n.\r\n")
second_message("S08e", b"BDAT 3\r\nRSERSET\r\n")
second_message("S10c", b"DATA\r\nSubject: a\r\n\r\n..\r\n.\r\n")


def smuggled(number, end):
    """A message that ends, for a server that takes this for an end, before a second one begins."""
    @mail(number)
    def play(session, recipient):
        session.envelope(OTHER)
        session.say(b"DATA\r\n")
        session.write(b"Subject: a\r\n\r\nText" + end + b"MAIL FROM:<me@home.example>\r\nRCPT TO:<" + recipient + b">\r\n"
                      b"DATA\r\nSubject: b\r\n\r\nHidden\r\n.\r\n")
        for _ in range(4):
            session.reply()


smuggled("S09", b"\n.\n")
smuggled("S09b", b"\n.\r\n")
smuggled("S09c", b"\r\n.\n")
smuggled("S09d", b"\r.\r")
smuggled("S09e", b"\r\n.\r\n")
smuggled("S09f", b"\r\n\0.\r\n")
smuggled("S09g", b"\r\n.\r")


@mail("S10")
def dots(session, recipient):
    session.envelope(OTHER)
    session.message(b"Subject: a\r\n\r\n..\r\n..RCPT TO:<x@y.example>\r\n.\r\n")
    session.envelope(recipient)
    session.message()


def after(number, command):
    """An envelope that this command forgets, then one to the recipient."""
    @mail(number)
    def play(session, recipient):
        session.envelope(OTHER)
        session.say(command)
        session.envelope(recipient)
        session.message()


after("S11", b"RSET\r\n")
after("S11b", b"EHLO again.example\r\n")
after("S11c", b"HELO again.example\r\n")
after("S11d", b"NOOP x\r\n")
after("S11e", b"UNKNOWN\r\n")
recipient_form("S12", b'<"a@x"@~>')
recipient_form("S12b", b"<@relay.example,@r2.example:u@~>")
recipient_form("S12c", b"<u%~@relay.example>")
recipient_form("S12d", b"<u(c)@(c)~>")
recipient_form("S12e", b'<"quo ted \\" x"@~>')
recipient_form("S12f", b"<u@~.>")
recipient_form("S12g", b"<U@~>", lambda recipient: recipient.split(b"@")[1].upper())
recipient_form("S12h", "<\u00fcser@~>".encode(), options=b" SMTPUTF8")
recipient_form("S12i", b"<u@sub.~>")
recipient_form("S12j", b"<u @ ~>")
recipient_form("S12k", b"Someone <u@~>")
recipient_form("S12l", b"<~!u>")
recipient_form("S12m", b"<u@xn--bcher-kva.~>")
recipient_form("S13", b"<u@~> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;u@partner.example")
recipient_form("S13b", b"<u@~>", options=b" RET=HDRS ENVID=x BODY=8BITMIME SIZE=100")




def authenticated(number, *talk):
    @mail(number, ports.SMTP_AUTH)
    def play(session, recipient):
        for line in talk:
            session.say(line + b"\r\n")
        session.envelope(recipient)
        session.message()


authenticated("S14", b"AUTH LOGIN", base64.b64encode(b"user"), base64.b64encode(b"word"))
authenticated("S14b", b"AUTH PLAIN " + base64.b64encode(b"\0user\0word"))
authenticated("S14c", b"AUTH PLAIN", base64.b64encode(b"\0user\0word"))
authenticated("S14d", b"AUTH LOGIN", b"*", b"NOOP")
authenticated("S14e", b"AUTH LOGIN", b"STARTTLS", b"RSET")


@mail("S15")
def no_start_of_tls(session, recipient):
    """STARTTLS that the server is asked for in a way that it refuses; then in clear text."""
    session.say(b"STARTTLS now\r\n")
    session.envelope(recipient)
    session.message()


@mail("S15b")
def injected(session, recipient):
    """A command behind STARTTLS in its packet: a server must not take it for one said inside."""
    session.write(b"STARTTLS\r\nRSET\r\nMAIL FROM:<me@home.example>\r\nRCPT TO:<" + recipient + b">\r\n")
    session.reply()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(session.client.socket, server_hostname="mail.example") as inner:
        inner.recv(1000)


for at, other_port in enumerate((ports.SUBMISSION, ports.SMTP_OTHER)):
    lines(f"S16{'ab'[at]}", WHOLE, port=other_port)
lines("S17", b"NOOP " + b"x" * 10_000 + b"\n" + WHOLE)
lines("S17b", b"MAIL FROM:<me@home.example>" + b" " * 1_500 + b"\nRCPT TO:<%>" + b" " * 1_500 + b"\n")


@mail("S17c")
def a_thousand(session, recipient):
    session.write(b"MAIL FROM:<me@home.example>\r\n" + b"".join(
        b"RCPT TO:<u%d@partner.example>\r\n" % i for i in range(1_000)) + b"RCPT TO:<" + recipient + b">\r\n")
    for _ in range(1_002):
        session.reply()


@mail("S20", greeting=b"HELO me\r\n")
def verified_first(session, recipient):
    session.say(b"VRFY someone\r\n")
    session.say(b"EXPN list\r\n")
    session.say(b"ETRN partner.example\r\n")
    session.envelope(recipient)
    session.message()


@mail("S20b")
def another_client(session, recipient):
    session.say(b"XCLIENT NAME=inner.example ADDR=192.0.2.7\r\n")
    session.say(b"EHLO inner.example\r\n")
    session.envelope(recipient)
    session.message()


@mail("S20c", ports.LMTP, greeting=b"LHLO me.example\r\n")
def lmtp(session, recipient):
    session.envelope(recipient)
    session.message()


NOT_PLAYED.update({
    "S16c": "port 465 is TLS from its first byte: no recipient shows",
    "S18": "headers and parts of the message: rules are about the envelope (the facts: tests/unit/classifier)",
    "S19": "a refused recipient: Weir refuses it before a server can (the facts: tests/unit/classifier)",
})
