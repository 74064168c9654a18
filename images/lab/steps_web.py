# SPDX-License-Identifier: Apache-2.0
"""Steps of the story about names and pages."""

import itertools

from lab import until

GATEWAY = "10.20.0.1"


def plumbing(lab, step):
    for target in (GATEWAY, "fd00:20::1", "198.51.100.10", "2001:db8:100::10"):
        ran = lab.inside("ping", "-c", "2", "-i", "0.2", "-W", "2", target)
        step.client(ran)
        step.check(ran.code == 0, f"{target} should answer ping")
    neighbour = lab.inside("ip", "neigh", "show", GATEWAY)
    step.client(neighbour)
    step.check("lladdr" in neighbour.out, "the gateway's link address should be known by ARP")
    for kind, address in (("A", "198.51.100.10"), ("AAAA", "2001:db8:100::10")):
        ran = lab.inside("dig", "+short", "+tries=1", "+timeout=3", "allowed.example", kind)
        step.client(ran)
        step.check(address in ran.out.split(), f"allowed.example should resolve to {address}")
    asked = [line for line in lab.log("dnsmasq.log") if "query[" in line and "allowed.example from 10.20." in line]
    step.server(f"dnsmasq was asked {len(asked)} times for allowed.example")
    step.check(len(asked) >= 2, "the resolver should have been asked by the client")


def allowed(lab, step):
    before = len(lab.requests("allowed.example"))
    for family, scheme in itertools.product(("-4", "-6"), ("http", "https")):
        ran = lab.curl(family, f"{scheme}://allowed.example/")
        step.client(ran)
        step.check(ran.out == "This is allowed.example.\n", f"the page should load over {scheme} {family}")
    ran = lab.inside("wget", "--quiet", "--tries=1", "--timeout=8", f"--ca-certificate={lab.ca}", "-O", "-",
                     "https://allowed.example/")
    step.client(ran)
    step.check(ran.code == 0, "wget should load the page")
    seen = lab.requests("allowed.example")[before:]
    step.server(f"{len(seen)} requests, the last: {seen[-1] if seen else 'none'}")
    step.check(len(seen) == 5, "the server should have seen five requests")
    own = lab.inside("openssl", "x509", "-in", str(lab.dir / "pki/allowed.example.pem"), "-noout", "-fingerprint")
    shown = lab.inside("bash", "-c", "openssl s_client -connect 198.51.100.10:443 -servername allowed.example "
                       "</dev/null 2>/dev/null | openssl x509 -noout -fingerprint")
    step.client(shown)
    step.check(own.out == shown.out and shown.out, "the certificate seen should be the server's own")


def at_known_address(name):
    """A client that has the address already: what is judged is the request itself, not the look-up before it."""
    return ("--resolve", f"{name}:80:198.51.100.10,[2001:db8:100::10]",
            "--resolve", f"{name}:443:198.51.100.10,[2001:db8:100::10]")


def blocked(lab, step):
    before = len(lab.requests("bet.example"))
    ran = lab.inside("dig", "+short", "+tries=1", "+timeout=2", "bet.example")
    step.client(ran)
    if lab.weir:
        step.check("198.51.100.10" not in ran.out, "the look-up of a gambling site should be refused")
    else:
        step.check("198.51.100.10" in ran.out, "the look-up should pass over a plain bridge")
    for family, scheme in itertools.product(("-4", "-6"), ("http", "https")):
        ran = lab.curl(family, "--fail", *at_known_address("bet.example"), f"{scheme}://bet.example/")
        step.client(ran)
        step.check_refused(ran, f"{scheme} {family} to bet.example")
        if lab.weir:
            step.check(ran.code in (22, 35, 52, 56), f"curl should see a refusal or a reset, not exit {ran.code}")
    ran = lab.curl("-4", *at_known_address("www.bet.example"), "--insecure", "https://www.bet.example/")
    step.client(ran)
    step.check_refused(ran, "a subdomain of a gambling site")
    seen = len(lab.requests("bet.example")) - before
    step.server(f"bet.example served {seen} requests")
    step.check(seen == (0 if lab.weir else 4), f"the server saw {seen} requests")
    step.check_violation(rule="no-gambling", object="bet.example")


def kept_alive(lab, step):
    first, second = len(lab.requests("allowed.example")), len(lab.requests("bet.example"))
    ran = lab.curl("-4", "--write-out", "[%{http_code} connections=%{num_connects}]", "http://allowed.example/",
                   "--next", "--silent", "--show-error", "--max-time", "8", "-4", "--write-out",
                   "[%{http_code} connections=%{num_connects}]", "-H", "Host: bet.example", "http://allowed.example/")
    step.client(ran)
    first, second = len(lab.requests("allowed.example")) - first, len(lab.requests("bet.example")) - second
    step.server(f"allowed.example served {first}, bet.example served {second}")
    step.check("This is allowed.example." in ran.out, "the first request should pass")
    step.check(first == 1, "the first request should reach the server")
    if lab.weir:
        step.check("[403 " in ran.out or ran.code != 0, "the second request should be refused")
        step.check(second == 0, "the second request should not reach the server")
    else:
        step.check("connections=0" in ran.out, "the control should show that curl reuses its connection")


def on_trial(lab, step):
    before = len(lab.requests("watched.example"))
    ran = lab.curl("-4", "https://watched.example/")
    step.client(ran)
    step.check(ran.code == 0, "the page should load while its rule is on trial")
    seen = until(lambda: lab.requests("watched.example")[before:])
    step.server(f"watched.example served {len(seen)}")
    row = step.check_violation(rule="trial-watched")
    if row is not None:
        step.check(row["action"] == "would block", "the record should say that it would block")
