# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The lab's wires: an inside and an outside namespace, and a middle one that holds Weir's two ports (or, for the
# control run, a kernel bridge). Every name carries the lab's id, so that two labs can be up at once.
#
#   weir-in-ID (clients)            weir-mid-ID                weir-out-ID (servers)
#   lan0 10.20.0.10/16  ---veth---  inside0 [Weir] outside0  ---veth---  wan0 10.20.0.1/16, servers on lo

lab_client_v4=(10.20.0.10 10.20.0.25 10.20.0.66)
lab_client_v6=(fd00:20::10 fd00:20::25 fd00:20::66)
lab_gateway_v4=10.20.0.1
lab_gateway_v6=fd00:20::1
lab_server_v4=(198.51.100.10 198.51.100.25 198.51.100.50 198.51.100.53 198.51.100.66)
lab_server_v6=(2001:db8:100::10 2001:db8:100::25 2001:db8:100::50 2001:db8:100::53 2001:db8:100::66)

lab_namespaces() { echo "$LAB_IN" "$LAB_MID" "$LAB_OUT"; }

# An end that belongs to a host: whole frames with finished checksums, as they would be on a copper wire.
_plain_wire() {  # NAMESPACE INTERFACE
  ip netns exec "$1" ethtool -K "$2" rx off tx off sg off tso off gso off gro off >/dev/null 2>&1 || true
}

topology_up() {  # DRIVER
  local ns
  for ns in $(lab_namespaces); do
    ip netns add "$ns"
    ip -n "$ns" link set lo up
  done
  # The middle has no address and says nothing of its own on the wire.
  ip netns exec "$LAB_MID" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
  ip link add lan0 netns "$LAB_IN" mtu 1500 type veth peer name inside0 mtu 1500 netns "$LAB_MID"
  ip link add wan0 netns "$LAB_OUT" mtu 1500 type veth peer name outside0 mtu 1500 netns "$LAB_MID"
  _plain_wire "$LAB_IN" lan0
  _plain_wire "$LAB_OUT" wan0
  _plain_wire "$LAB_MID" inside0
  _plain_wire "$LAB_MID" outside0
  ip -n "$LAB_MID" link set inside0 up
  ip -n "$LAB_MID" link set outside0 up
  if [ "$1" = bridge ]; then
    ip -n "$LAB_MID" link add br0 type bridge
    ip -n "$LAB_MID" link set inside0 master br0
    ip -n "$LAB_MID" link set outside0 master br0
    ip -n "$LAB_MID" link set br0 up
  fi
  _inside_up
  _outside_up
}

_inside_up() {
  local address
  for address in "${lab_client_v4[@]}"; do ip -n "$LAB_IN" addr add "$address/16" dev lan0; done
  for address in "${lab_client_v6[@]}"; do ip -n "$LAB_IN" addr add "$address/48" dev lan0 nodad; done
  ip -n "$LAB_IN" link set lan0 up
  ip -n "$LAB_IN" route add default via "$lab_gateway_v4" src "${lab_client_v4[0]}"
  ip -n "$LAB_IN" -6 route add default via "$lab_gateway_v6" src "${lab_client_v6[0]}"
  # `ip netns exec` mounts this over /etc/resolv.conf: clients resolve across Weir, as users do.
  mkdir -p "/etc/netns/$LAB_IN"
  printf 'nameserver 198.51.100.53\noptions timeout:2 attempts:2\n' >"/etc/netns/$LAB_IN/resolv.conf"
}

_outside_up() {
  local address
  ip -n "$LAB_OUT" addr add "$lab_gateway_v4/16" dev wan0
  ip -n "$LAB_OUT" addr add "$lab_gateway_v6/48" dev wan0 nodad
  for address in "${lab_server_v4[@]}"; do ip -n "$LAB_OUT" addr add "$address/32" dev lo; done
  for address in "${lab_server_v6[@]}"; do ip -n "$LAB_OUT" addr add "$address/128" dev lo nodad; done
  ip -n "$LAB_OUT" link set wan0 up
  mkdir -p "/etc/netns/$LAB_OUT"
  printf 'nameserver 198.51.100.53\n' >"/etc/netns/$LAB_OUT/resolv.conf"
}

# The console alone is in no namespace of the lab; its process and its supervisor are this lab's by their environment.
_console_pids() {
  local file pid
  for file in "$LAB_DIR/pid/weir-console.supervisor" "$LAB_DIR/pid/weir-console"; do
    pid=$(cat "$file" 2>/dev/null) || continue
    grep -qzxF "LAB_DIR=$LAB_DIR" "/proc/$pid/environ" 2>/dev/null && echo "$pid"
  done
  return 0
}

# Processes of the lab are those in its namespaces and its console: nothing else is ever signalled.
_signal_lab() {  # SIGNAL -> true while any process is left
  local ns pid found=1
  for ns in $(lab_namespaces); do
    for pid in $(ip netns pids "$ns" 2>/dev/null); do
      found=0
      kill "-$1" "$pid" 2>/dev/null || true
    done
  done
  for pid in $(_console_pids); do
    found=0
    kill "-$1" "$pid" 2>/dev/null || true
  done
  return "$found"
}

topology_down() {
  local ns deadline=$((SECONDS + 5))
  _signal_lab TERM || true
  while _signal_lab 0 && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.05; done
  while _signal_lab KILL; do sleep 0.05; done
  for ns in $(lab_namespaces); do
    ip netns del "$ns" 2>/dev/null || true
    rm -rf "/etc/netns/$ns"
  done
}
