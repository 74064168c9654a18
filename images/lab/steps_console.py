# SPDX-License-Identifier: Apache-2.0
"""The step of the story at the console: the first account, an officer, and what the officer sees."""

import base64
import hashlib
import hmac
import json
import os
import re
import struct
import time

from lab import run

PASSWORD = "a story for the console"


def totp(secret):
    """RFC 6238, as a program on a telephone does it."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    start = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[start:start + 4])[0] & 0x7fffffff) % 1_000_000:06}"


class Browser:
    """curl with a session's cookie, over HTTPS, checking the console's certificate."""

    def __init__(self, lab, step, who):
        self.lab, self.step, self.who = lab, step, who
        self.base = f"https://127.0.0.1:{os.environ['LAB_CONSOLE_PORT']}/api/v1"
        self.cookies = str(lab.dir / f"console-{os.urandom(4).hex()}.cookies")

    def ask(self, method, path, body=None):
        more = [] if body is None else ["-H", "Content-Type: application/json", "--data", json.dumps(body)]
        ran = run(["curl", "--silent", "--show-error", "--max-time", "20", "--cacert", str(self.lab.dir / "pki/console.pem"), "-b",
                   self.cookies, "-c", self.cookies, "-H", "X-CSRF: 1", "-w", "\n%{http_code}", "-X", method, *more, self.base + path], 25)
        answer, _, status = ran.out.rpartition("\n")
        self.step.line(self.who, f"{method} {path}  ->  {status} {ran.err.strip()}")
        return int(status or 0), json.loads(answer) if answer.startswith("{") else {}

    def log_in(self, first):
        """The second step, with the secret that the first one showed."""
        return self.ask("POST", "/session/totp", {"code": totp(first["enrol"]["secret"])})[0] if "enrol" in first else 0


def officer(lab, step):
    code = re.search(r"\S+", lab.weirctl("console", "code").out)
    if not step.check(code, "weirctl console code should print a code"):
        return
    admin = Browser(lab, step, "admin")
    made = admin.ask("POST", "/setup", {"code": code.group(), "name": "ada", "password": PASSWORD})[1]
    step.check(admin.log_in(made) == 200, "who has the code should become the admin")
    made = admin.ask("POST", "/accounts", {"name": "olga", "role": "officer", "password": PASSWORD})[0]
    step.check(made == 201, "the admin should make an officer's account")
    browser = Browser(lab, step, "officer")
    first = browser.ask("POST", "/session", {"name": "olga", "password": PASSWORD})[1]
    step.check(browser.log_in(first) == 200, "the officer should get in")
    if lab.violation(rule="no-gambling") is None:  # where only this step is played
        lab.curl("-4", "http://bet.example/")
        lab.violation(rule="no-gambling")
    rows = browser.ask("GET", "/violations?rule=no-gambling&count=1")[1].get("violations", [])
    if step.check(rows, "the officer should see what the story recorded"):
        seen = browser.ask("GET", f"/violations/{rows[0]['id']}")[1]
        for line in seen.get("story", "").splitlines():
            step.weir(line)
        step.check("bet.example" in seen.get("story", ""), "the violation should say what it was about")
    # As before its first start: who keeps the lab makes an account of their own.
    for name in ("olga", "ada"):
        step.check(lab.weirctl("console", "remove", name).code == 0, f"{name}'s account should be removed")
    step.check(browser.ask("GET", "/session")[0] == 401, "who has no account any more should be out")
