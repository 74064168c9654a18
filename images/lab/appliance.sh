# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154  # driver and the lab_* lists are set by run and topology.sh
# Weir itself, run as on the appliance: Redis with its ACL on a Unix socket, and each daemon under its own system
# user; whichever dies is restarted after 100 ms.

appliance_up() {
  _system_users
  mkdir -p "$LAB_DIR"/{run,redis,lib/{policy,spool},pid,etc/policy}
  chown weir-dataplane:weir "$LAB_DIR/run" && chmod 2770 "$LAB_DIR/run"
  chown weir-engine:weir "$LAB_DIR/lib" && chmod 2770 "$LAB_DIR/lib"
  chown weir-classifier:weir "$LAB_DIR/lib/spool" && chmod 700 "$LAB_DIR/lib/spool"
  chown redis:redis "$LAB_DIR/redis"
  chgrp weir "$LAB_DIR/lib/policy" && chown weir-engine "$LAB_DIR/lib/policy" && chmod 2770 "$LAB_DIR/lib/policy"
  _policy_in_place
  _redis_up
  _dataplane_up
  _daemon weir-engine weir-engine
  _console_up
  _classifiers_up
  wait_for "the classifier" 15 _classifier_attached
  _frames_pass && return
  _fall_back "no frame passed"
  wait_for "the classifier" 15 _classifier_attached
  _frames_pass
}

_system_users() {
  local user
  getent group weir >/dev/null || groupadd --system weir
  for user in weir-dataplane weir-classifier weir-engine; do
    getent passwd "$user" >/dev/null ||
      useradd --system --gid weir --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin "$user"
  done
  getent passwd weir-console >/dev/null ||  # in no group of Weir's
    useradd --system --user-group --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin weir-console
}

_settings() {  # DRIVER
  # AF_PACKET's own ring of 512 frames holds a tenth of a second of the lab's load, and on a busy machine the worker
  # may not be scheduled for longer.
  local ring=""
  [ "$1" != af_packet ] || ring=,framecnt=4096
  sed "s|@LAB_DIR@|$LAB_DIR|g; s|@DRIVER@|$1|g; s|@RING@|$ring|g; s|@REPOSITORY@|$LAB_REPOSITORY|g; s|@WORKERS@|$LAB_WORKERS|g; s|@FAIL@|$fail|g; s|@BLOCK@|$block|g; s|@CONSOLE_PORT@|$LAB_CONSOLE_PORT|g" \
    "$LAB_SOURCE/etc/weir.yaml.in" >"$LAB_DIR/etc/weir.yaml"
}

_policy_in_place() {
  cp -r "$LAB_SOURCE"/etc/policy/. "$LAB_DIR/etc/policy/"
  cp -r "$LAB_SOURCE"/etc/policy/. "$LAB_DIR/lib/policy/"
  mv "$LAB_DIR/lib/policy/policy.yaml" "$LAB_DIR/lib/policy/current.yaml"
  echo 1 >"$LAB_DIR/lib/policy/current.revision"
  chgrp -R weir "$LAB_DIR/lib/policy"
}

# Redis as shipped (images/overlay/etc/weir/redis), its places moved into the lab.
_redis_up() {
  local shipped=$LAB_REPOSITORY/images/overlay/etc/weir/redis etc=$LAB_DIR/etc user password
  cp "$shipped/users.acl.in" "$etc/users.acl"
  for user in classifier engine reader export; do
    password=$(openssl rand -hex 24)
    echo "$password" >"$etc/$user.password"
    sed -i "s/@${user^^}_SHA256@/$(printf %s "$password" | sha256sum | cut -d' ' -f1)/" "$etc/users.acl"
    chmod 640 "$etc/$user.password"
    chgrp weir "$etc/$user.password"
  done
  sed "s|/run/weir|$LAB_DIR/redis|; s|/etc/weir/redis|$etc|; s|^supervised .*|supervised no|" \
    "$shipped/redis.conf" >"$etc/redis.conf"
  chmod 640 "$etc/users.acl" "$etc/redis.conf"
  chown redis:redis "$etc/users.acl" "$etc/redis.conf"
  # Its group is weir's, so that the socket is for Weir's users and nobody else. Restarted as Debian's unit does.
  in_namespace "$LAB_MID" "$LAB_DIR/log/redis.log" "$LAB_SOURCE/supervise" redis-server "$LAB_SOURCE/weighed" -2 \
    setpriv --reuid redis --regid weir --init-groups redis-server "$etc/redis.conf" --dir "$LAB_DIR/redis"
  wait_for redis-server 10 test -S "$LAB_DIR/redis/redis.sock"
}

# A daemon under its user, as a unit with Restart=always, RestartSec=100ms, UMask=0007 would run it. The packet path
# goes first: an appliance has cores for it alone.
_daemon() {  # PROGRAM[@WORKER] USER [SETPRIV-OPTION...]
  local name=$1 program=${1%@*} user=$2 nice=0 worker=()
  [ "$name" = "$program" ] || worker=(--worker "${name#*@}")
  shift 2
  case $program in
    weir-dataplane) nice=-10 ;;
    weir-classifier) nice=-8 ;;
  esac
  in_namespace "$LAB_MID" "$LAB_DIR/log/$name.log" "$LAB_SOURCE/supervise" "$name" "$LAB_SOURCE/weighed" "$nice" \
    setpriv --reuid "$user" --regid weir --init-groups --no-new-privs "$@" \
    sh -c 'umask 007; exec "$@"' sh "$LAB_BIN/$program" --config "$LAB_DIR/etc/weir.yaml" "${worker[@]}"
}

# Its management network is this machine's loopback, so that a browser here gets at it. As its unit it starts as root,
# without any right but to become its two users.
_console_up() {
  mkdir "$LAB_DIR/pages"
  [ ! -d "$LAB_REPOSITORY/policy/console/web/dist" ] || cp -r "$LAB_REPOSITORY/policy/console/web/dist/." "$LAB_DIR/pages/"
  wait_for "the engine's store" 15 test -f "$LAB_DIR/lib/weir.db"
  setsid "$LAB_SOURCE/supervise" weir-console \
    setpriv --bounding-set -all,+setuid,+setgid --inh-caps -all --no-new-privs \
    sh -c 'umask 077; exec "$@"' sh "$LAB_BIN/weir-console" --config "$LAB_DIR/etc/weir.yaml" \
    >"$LAB_DIR/log/weir-console.log" 2>&1 </dev/null &
  disown
  wait_for "the console" 15 grep -q console-ready "$LAB_DIR/log/weir-console.log"
  openssl x509 -in "$LAB_DIR/lib/console/own.pem" -out "$LAB_DIR/pki/console.pem"
}

_classifiers_up() {  # one for each worker; the first has no number in its name
  local worker
  _daemon weir-classifier weir-classifier
  for ((worker = 1; worker < LAB_WORKERS; ++worker)); do
    _daemon "weir-classifier@$worker" weir-classifier
  done
}

_dataplane_up() {
  local wanted=$driver
  [ "$wanted" != auto ] || wanted=af_xdp
  LAB_DRIVER=$wanted
  _settings "$wanted"
  # What the poll-mode driver needs and nothing else. libxdp asks for its program's descriptor by number, which the
  # kernel grants to CAP_SYS_ADMIN alone.
  local capabilities=+net_admin,+net_raw,+ipc_lock
  [ "$wanted" != af_xdp ] || capabilities+=,+bpf,+sys_admin
  _daemon weir-dataplane weir-dataplane --inh-caps "$capabilities" --ambient-caps "$capabilities"
  wait_for "the data plane" 20 _dataplane_started_or_dead
  _dataplane_answers || _fall_back "$(grep "^error:" "$LAB_DIR/log/weir-dataplane.log" | tail -n 1)"
}

_ask() { /usr/bin/python3 "$LAB_SOURCE/lab.py" dataplane status 2>/dev/null; }
_dataplane_answers() { _ask | grep -q '"ok": true'; }
_dataplane_started_or_dead() {
  _dataplane_answers || grep -q '^supervise ended' "$LAB_DIR/log/weir-dataplane.log"
}
_classifier_attached() { _ask | grep -q '"channel": "attached"'; }
_frames_pass() { ip netns exec "$LAB_IN" ping -c 1 -W 5 "$lab_gateway_v4" >/dev/null 2>&1; }

_fall_back() {  # WHY
  if [ "$driver" != auto ] || [ "$LAB_DRIVER" != af_xdp ]; then
    echo "lab: the data plane failed: $1" >&2
    return 1
  fi
  echo "lab: AF_XDP does not work here ($1); using AF_PACKET"
  driver=af_packet
  supervised_end weir-dataplane
  mv "$LAB_DIR/log/weir-dataplane.log" "$LAB_DIR/log/weir-dataplane-af_xdp.log"
  _dataplane_up
}

supervised_end() {  # PROGRAM: ends the daemon with its supervisor
  local supervisor
  supervisor=$(cat "$LAB_DIR/pid/$1.supervisor")
  kill "$supervisor"
  while kill -0 "$supervisor" 2>/dev/null; do sleep 0.05; done
}

# When something differed: the daemons' last lines, before the directory goes.
appliance_last_words() {
  local log
  for log in "$LAB_DIR"/log/weir-*.log "$LAB_DIR"/log/redis.log; do
    [ -s "$log" ] || continue
    echo "--- $(basename "$log"), last lines" >&2
    tail -n 15 "$log" >&2
  done
}
