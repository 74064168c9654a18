# SPDX-License-Identifier: Apache-2.0
"""Programs over TLS, where no version shows: what a fingerprint tells, of some the program, of most its library."""

from program import BROWSER_S, PYTHON, TLS_WEB, Program
from programs_web import apt_get, chromium


def tls_programs(place, ca):
    httpx = "import httpx,sys; httpx.get(sys.argv[1], verify=sys.argv[2])"
    requests = "import requests,sys; requests.get(sys.argv[1], verify=sys.argv[2])"
    urllib = ("import urllib.request,ssl,sys; "
              "urllib.request.urlopen(sys.argv[1], context=ssl.create_default_context(cafile=sys.argv[2]))")
    fetch = "fetch(process.argv[1]).then(r => r.text())"
    php = f'file_get_contents("{TLS_WEB}", false, stream_context_create(["ssl" => ["cafile" => "{ca}"]]));'
    return [
        Program("curl", "curl", "curl", None, ["curl", "-s", "--cacert", ca, TLS_WEB], library="libcurl"),
        Program("git", "git", "git", None, ["git", "-c", "http.sslCAInfo=" + ca, "ls-remote", TLS_WEB + "/x.git"],
                library="libcurl"),
        Program("wget", "wget", "wget", None, ["wget", "-qO-", "--ca-certificate=" + ca, TLS_WEB]),
        Program("aria2c", "aria2", "aria2", None,
                ["aria2c", "-q", "-d", place, "-o", "aria2-tls.out", "--ca-certificate=" + ca, TLS_WEB + "/index.html"]),
        Program("lynx", "lynx", "lynx", None, ["lynx", "-dump", TLS_WEB], library="gnutls", env={"SSL_CERT_FILE": ca}),
        Program("lftp", "lftp", "lftp", None,
                ["lftp", "-c", f"set net:max-retries 1; set ssl:ca-file {ca}; open {TLS_WEB}; cat /index.html"],
                library="gnutls"),
        Program("mpv", "mpv", "mpv", None,
                ["mpv", "--no-config", "--ytdl=no", "--vo=null", "--ao=null", TLS_WEB + "/index.html"], library="gnutls"),
        Program("apt-get update", "apt", "apt", None, apt_get(place, "sources-tls", "-o", "Acquire::https::CAInfo=" + ca),
                library="gnutls"),
        Program("w3m", "w3m", "w3m", None, ["w3m", "-dump", "-o", "ssl_ca_file=" + ca, TLS_WEB], library="openssl"),
        Program("links", "links", "links", None, ["links", "-ssl.certificates", "0", "-dump", TLS_WEB], library="openssl"),
        Program("svn", "subversion", "subversion", None, ["svn", "ls", "--non-interactive", TLS_WEB + "/svn"],
                library="openssl"),
        Program("php", "php-cli", "php", None, ["php", "-r", php], library="openssl"),
        Program("GET (LWP)", "libwww-perl", "libwww-perl", None, ["GET", TLS_WEB], library="openssl",
                env={"PERL_LWP_SSL_CA_FILE": ca}),
        Program("python3 urllib", "python3", "python-urllib", None, [PYTHON, "-c", urllib, TLS_WEB, ca], library="openssl"),
        Program("python3 requests", "python3-requests", "python-requests", None, [PYTHON, "-c", requests, TLS_WEB, ca],
                library="python-urllib3"),
        Program("python3 httpx", "python3-httpx", "python-httpx", None, [PYTHON, "-c", httpx, TLS_WEB, ca]),
        Program("node, fetch", "nodejs", "nodejs", None, ["node", "-e", fetch, TLS_WEB], env={"NODE_EXTRA_CA_CERTS": ca}),
        Program("rclone", "rclone", "rclone", None,
                ["rclone", "lsf", ":http:", "--http-url", TLS_WEB, "--retries", "1", "--ca-cert", ca, "--config",
                 place + "/rclone.conf"], library="go-http-client"),
        Program("hg", "mercurial", "mercurial", None,
                ["hg", "--config", "web.cacerts=" + ca, "identify", TLS_WEB + "/hg"], library="openssl"),
        Program("chromium", "chromium", "headless-chrome", None,
                chromium(place, "--ignore-certificate-errors", TLS_WEB), library="chromium-engine", seconds=BROWSER_S),
        Program("firefox", "firefox-esr", "firefox", None,
                ["firefox-esr", "--headless", "--no-remote", "--profile", place + "/firefox-tls", TLS_WEB],
                library="gecko-engine", seconds=BROWSER_S),
    ]
