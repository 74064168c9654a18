# SPDX-License-Identifier: Apache-2.0
"""HTTP and HTTPS by curl from nginx, DNS by dig from dnsmasq."""

import html
import re

from cells import LONG_BYTES, SHORTEST_S, Protocol, check_reference
from lab import until

WEB, RESOLVER = "198.51.100.10", "198.51.100.53"


def servers(lab):
    for name in ("http", "https"):
        (lab.dir / f"web/{name}.act.example/long.bin").write_bytes(bytes(LONG_BYTES))
    return []


class Answer:
    """One request of curl: status 0 when there was none."""

    def __init__(self, ran):
        self.code, self.error = ran.code, ran.err.strip()
        self.body, _, rest = ran.out.rpartition("|")
        status, size, seconds, self.location = (rest.split(" ", 3) + ["", "", "", ""])[:4]
        self.status, self.size, self.seconds = int(status or 0), int(size or 0), float(seconds or 0)


def curl(cell, url, *options):
    name = url.split("/")[2]
    return Answer(cell.lab.curl("--interface", cell.address, "--resolve", f"{name}:80:{WEB}", "--resolve", f"{name}:443:{WEB}",
                                "--write-out", "|%{http_code} %{size_download} %{time_total} %{redirect_url}", *options, url))


def served(cell, name):
    return [line for line in cell.lab.requests(name) if line.startswith(cell.address + ":")]


def web(scheme):
    name = f"{scheme}.act.example"
    url = f"{scheme}://{name}/"

    def loads(cell, path="", least_s=0.0):
        answer = curl(cell, url + path)
        cell.saw("client", f"{answer.status}, {answer.size} bytes in {answer.seconds:.1f} s")
        cell.check(answer.status == 200, f"the page should load: {answer.status} {answer.error}")
        cell.check(answer.seconds >= least_s, f"{answer.size} bytes took {answer.seconds} s, {least_s} s at least were due")
        seen = until(lambda: served(cell, name))
        cell.check(seen, "the server should have seen the request")
        cell.saw("server", f"{len(seen)} requests")
        return answer

    def refused(cell, rule, text):
        answer = curl(cell, url)
        if scheme == "http":
            cell.saw("client", f"{answer.status}")
            cell.check(answer.status == 403 and text in answer.body, f"a page should say {text!r}: {answer.status} {answer.error}")
            check_reference(cell, answer.body, rule)
        else:
            cell.saw("client", answer.error)
            cell.check("alert access denied" in answer.error, f"the alert should say that access is denied: {answer.error}")
        cell.check(not served(cell, name), "the server should not have seen the request")
        cell.saw("server", "no request")
        return answer

    def allow(cell):
        loads(cell)

    def report(cell):
        loads(cell)
        cell.check_recorded("report-web", "report", object=name)

    def limit(cell):
        loads(cell, "long.bin", SHORTEST_S)
        cell.check_recorded("limit-web", "limit", object=name)

    def page(cell):
        refused(cell, "page-web", "Closed here.")
        cell.check_recorded("page-web", "page", object=name)

    def block(cell):
        refused(cell, "block-web", "Closed here.")
        cell.check_recorded("block-web", "block", object=name)

    def trial(cell):
        loads(cell)
        cell.check_recorded("trial-web", "would block", object=name)

    def go_on(cell):
        answer = refused(cell, f"continue-{scheme}", "Is it for work?")
        cell.check_recorded(f"continue-{scheme}", "continue", object=name)
        if scheme == "https":  # over TLS nobody can click: the click over HTTP is for every scheme
            click(cell)
            return loads(cell)
        button = re.search(r'<form method="post" action="([^"]+)">', answer.body)
        if not cell.check(button, "the page should have a button"):
            return None
        answer = curl(cell, f"http://{name}{html.unescape(button[1])}", "-d", "")
        cell.check(answer.status == 303 and answer.location == url, f"the click should lead back: {answer.status} {answer.location}")
        loads(cell)
        return cell.check_recorded(f"continue-{scheme}", "continue", object=f"{name} (clicked through)")

    cells = {"allow": allow, "report": report, "limit": limit, "page": page, "block": block, "trial": trial,
             "continue": go_on}
    if scheme == "http":
        cells["budget"] = budget
    return Protocol(scheme, cells)


def click(cell):
    """Over HTTP to the name of the HTTPS site, as a person would who was told nothing by TLS."""
    answer = curl(cell, "http://https.act.example/")
    button = re.search(r'<form method="post" action="([^"]+)">', answer.body)
    if cell.check(button, f"the page should have a button: {answer.status} {answer.body[:60]}"):
        curl(cell, f"http://https.act.example{html.unescape(button[1])}", "-d", "")


def budget(cell):
    """Three connections a day; what the engine added up reaches the classifier within the time of a request or two."""
    url = "http://http.act.example/"
    statuses = []

    def used_up():
        statuses.append(curl(cell, url).status)
        return statuses[-1] == 403
    until(used_up)
    cell.saw("client", " ".join(map(str, statuses)))
    cell.check(statuses[:3] == [200, 200, 200] and statuses[-1] == 403, f"three should pass, then a page: {statuses}")
    cell.check_recorded("budget-web", "page", object="http.act.example")


def dig(cell, name, *options):
    return cell.lab.inside("dig", "-b", cell.address, f"@{RESOLVER}", "+tries=1", "+timeout=5", name, *options)


def asked(cell, name):
    return [line for line in cell.lab.log("dnsmasq.log") if f" {name} from {cell.address}" in line]


def dns_cells():
    name = "dns.act.example"

    def answered(cell):
        ran = dig(cell, name)
        cell.saw("client", "the address" if WEB in ran.out else ran.text)
        cell.check(WEB in ran.out, f"the name should be answered: {ran.text}")
        cell.check(until(lambda: asked(cell, name)), "the resolver should have been asked")
        cell.saw("server", "asked")

    def recorded(rule, action):
        def played(cell):
            answered(cell)
            cell.check_recorded(rule, action, object=name)
        return played

    def block(cell):
        ran = dig(cell, name)
        ede = next((line.strip("; ") for line in ran.out.splitlines() if "EDE" in line), "")
        cell.saw("client", f"NXDOMAIN, {ede}")
        cell.check("status: NXDOMAIN" in ran.out and "EDE: 15 (Blocked)" in ede and "Closed here." in ede, f"{ran.out}")
        check_reference(cell, ede, "block-web")
        ran = dig(cell, name, "+noedns")
        cell.check("status: NXDOMAIN" in ran.out and "EDE" not in ran.out, "no extended error to who did not ask with EDNS")
        cell.check(not asked(cell, name), "the resolver should not have been asked")
        cell.saw("server", "not asked")
        cell.check_recorded("block-web", "block", object=name)

    def safe(cell):
        ran = dig(cell, "www.google.com")
        cell.saw("client", "forcesafesearch.google.com" if "forcesafesearch.google.com" in ran.out else ran.text)
        cell.check("forcesafesearch.google.com" in ran.out, "the safe name should be answered")
        cell.check(not asked(cell, "www.google.com"), "the resolver should not have been asked")
        cell.check_not_recorded("safe-web")

    return {"allow": answered, "report": recorded("report-web", "report"), "limit": recorded("limit-web", "limit"),
            "page": answered, "continue": answered, "block": block, "trial": recorded("trial-web", "would block"),
            "safe": safe}


PROTOCOLS = (web("http"), web("https"), Protocol("dns", dns_cells()))
