# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The real programs on both sides: what answers outside, and what the clients need to trust it.

web_names=(allowed.example news.example bet.example social.example slow.example watched.example open.example tools.example
           budget.example http.act.example https.act.example router1.teamviewer.com)

# In the background, with its output in a file; in a session of its own, so that Ctrl-C ends the lab in order.
in_namespace() {  # NAMESPACE LOG COMMAND...
  local ns=$1 log=$2
  shift 2
  setsid ip netns exec "$ns" "$@" >"$log" 2>&1 </dev/null &
  disown
}

wait_for() {  # WHAT SECONDS COMMAND...: polls until the command succeeds
  local what=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      echo "lab: $what did not come up; logs are in $LAB_DIR/log" >&2
      return 1
    fi
    sleep 0.05
  done
}

servers_up() {
  mkdir -p "$LAB_DIR"/{log,pki,web,seed,download,etc}
  chmod 755 "$LAB_DIR" "$LAB_DIR/web"
  _make_authority
  _dns_up
  _web_up
  in_namespace "$LAB_OUT" "$LAB_DIR/log/mail.log" \
    /usr/bin/python3 "$LAB_SOURCE/mail_server.py" --maildir "$LAB_DIR/maildir" \
    --cert "$LAB_DIR/pki/mail.example.pem" --key "$LAB_DIR/pki/mail.example.key" \
    --listen 198.51.100.25 --listen 2001:db8:100::25
  in_namespace "$LAB_OUT" "$LAB_DIR/log/iperf3.log" iperf3 -s -i 0 -B 198.51.100.50
  _seeder_up
  # Asked of the kernel, not by connecting: some of these servers take one client at a time.
  local port
  for port in 80 443 25 5201 6969 6970 51413; do
    wait_for "the server on port $port" 15 listening "$port"
  done
}

listening() { [ -n "$(ip netns exec "$LAB_OUT" ss -Hltn "sport = :$1")" ]; }

# An authority of our own and one certificate for each name, so that clients check what they are shown.
_make_authority() {
  local pki=$LAB_DIR/pki name
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=Weir lab authority" \
    -keyout "$pki/ca.key" -out "$pki/ca.pem" 2>/dev/null
  for name in "${web_names[@]}" mail.example tracker.example; do
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
      -keyout "$pki/$name.key" -out "$pki/$name.csr" 2>/dev/null
    openssl x509 -req -in "$pki/$name.csr" -CA "$pki/ca.pem" -CAkey "$pki/ca.key" -CAcreateserial -days 2 \
      -extfile <(printf 'subjectAltName=DNS:%s' "$name") -out "$pki/$name.pem" 2>/dev/null
  done
  chmod 644 "$pki"/*.key  # throw-away keys of a throw-away authority
}

_dns_up() {
  local conf=$LAB_DIR/etc/dnsmasq.conf
  sed "s|@LAB_DIR@|$LAB_DIR|g" "$LAB_SOURCE/etc/dnsmasq.conf.in" >"$conf"
  in_namespace "$LAB_OUT" "$LAB_DIR/log/dnsmasq.out" dnsmasq --keep-in-foreground --conf-file="$conf"
  wait_for dnsmasq 10 ip netns exec "$LAB_OUT" dig +short +timeout=1 +tries=1 @198.51.100.53 allowed.example
}

_web_up() {
  local conf=$LAB_DIR/etc/nginx.conf name
  for name in "${web_names[@]}"; do
    mkdir -p "$LAB_DIR/web/$name"
    echo "This is $name." >"$LAB_DIR/web/$name/index.html"
    : >"$LAB_DIR/log/web-$name.log"
  done
  # Zeros are as good as any other bytes for a long download; 24 MB at 4 MB/s outlives a policy change.
  truncate -s 24000000 "$LAB_DIR/web/allowed.example/slow.bin"
  truncate -s 1000000 "$LAB_DIR/web/slow.example/large.bin" "$LAB_DIR/web/budget.example/large.bin"
  truncate -s 100000000 "$LAB_DIR/web/budget.example/long.bin"
  {
    sed "s|@LAB_DIR@|$LAB_DIR|g" "$LAB_SOURCE/etc/nginx.conf.in"
    for name in "${web_names[@]}"; do
      sed "s|@LAB_DIR@|$LAB_DIR|g; s|@NAME@|$name|g" "$LAB_SOURCE/etc/nginx-site.conf.in"
    done
    echo "}"
  } >"$conf"
  in_namespace "$LAB_OUT" "$LAB_DIR/log/nginx.out" nginx -c "$conf" -e "$LAB_DIR/log/nginx.err"
}

# A tracker that names one peer, and that peer: so the peer wire protocol itself crosses Weir.
_seeder_up() {
  local seed=$LAB_DIR/seed
  in_namespace "$LAB_OUT" "$LAB_DIR/log/tracker.log" \
    /usr/bin/python3 "$LAB_SOURCE/tracker.py" --listen 198.51.100.66 --port 6969 --peer 198.51.100.66:51413 \
    --cert "$LAB_DIR/pki/tracker.example.pem" --key "$LAB_DIR/pki/tracker.example.key"
  head -c 1500000 /dev/urandom >"$seed/holiday.iso"
  transmission-create -o "$seed/holiday.torrent" -t http://tracker.example:6969/announce \
    -t https://tracker.example:6970/announce "$seed/holiday.iso" \
    >"$LAB_DIR/log/transmission-create.log" 2>&1
  mkdir -p "$seed/config" "$LAB_DIR/download/config"
  cp "$LAB_SOURCE/etc/transmission.json" "$seed/config/settings.json"
  cp "$LAB_SOURCE/etc/transmission.json" "$LAB_DIR/download/config/settings.json"
  CURL_CA_BUNDLE=$LAB_DIR/pki/ca.pem in_namespace "$LAB_OUT" "$LAB_DIR/log/seeder.log" \
    transmission-daemon --foreground --config-dir "$seed/config" --download-dir "$seed" --no-auth \
    --bind-address-ipv4 198.51.100.66 --peerport 51413 --no-portmap --no-dht --no-lpd --no-utp --no-global-seedratio
  wait_for "seeder's control" 10 ip netns exec "$LAB_OUT" transmission-remote 127.0.0.1:9091 -l
  ip netns exec "$LAB_OUT" transmission-remote 127.0.0.1:9091 --add "$seed/holiday.torrent" \
    >>"$LAB_DIR/log/seeder.log" 2>&1
}
