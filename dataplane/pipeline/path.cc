// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/path.h"

#include <algorithm>

namespace weir::dataplane {

PipelineOptions pipeline_options(const Settings& settings) {
  PipelineOptions options;
  for (const PairSettings& pair : settings.pairs) {
    PairOptions& added = options.pairs.emplace_back();
    added.urgent = pair.urgent;
    added.block = pair.block;
    std::copy(std::begin(pair.exceptions), std::end(pair.exceptions), added.exceptions.begin());
    for (const EthertypeRow& row : pair.ethertypes.rows) {
      added.ethertypes.at(added.ethertype_count++) = {row.type, row.drop};
    }
    added.drop_other_ethertypes = pair.ethertypes.drop_other;
  }
  options.flows = settings.memory.flows;
  options.parked = settings.memory.parked;
  options.parked_per_flow = settings.memory.parked_per_flow;
  options.fragments = settings.memory.fragments;
  options.fragment_timeout_s = settings.timeouts.fragment_s;
  options.inspection_deadline_ms = settings.timeouts.inspection_deadline_ms;
  options.timeouts = {.tcp_half_open_s = settings.timeouts.tcp_half_open_s,
                      .tcp_established_s = settings.timeouts.tcp_established_s,
                      .tcp_closed_s = settings.timeouts.tcp_closed_s,
                      .udp_s = settings.timeouts.udp_s,
                      .other_s = settings.timeouts.other_s};
  options.overload = settings.overload;
  options.capture = {.ring_bytes = std::size_t{settings.capture.megabytes} << 20U,
                     .snap_bytes = static_cast<std::uint16_t>(settings.capture.snap_bytes),
                     .all = settings.capture.all,
                     .on_block = settings.capture.on_block};
  return options;
}

Path::Path(const PipelineOptions& options, TransmitSink& sink)
    : pairs(options.pairs),
      hash_seed(options.hash_seed),
      verify_checksums(options.verify_checksums),
      normalise(options.normalise),
      deadline_ns(options.inspection_deadline_ms * kMillisecond),
      timeouts(options.timeouts),
      packets(options.packets),
      flows(options.flows, options.hash_seed, options.flow_memory),
      unanswered(flows),
      inspections(flows, kInspectionsPerParked * options.parked),
      parking(inspections, options.parked, options.parked_per_flow),
      closes(options.closes),
      meters(options.meters, options.limited_flows, options.hash_seed),
      injections(options.injections),
      tunnels(options.tunnels, options.hash_seed),
      out(sink, counters),
      capture(options.capture),
      now(options.now),
      overload(options.overload, options.now),
      simulation(options.simulation) {
  wheel.emplace(flows, timeouts, tick_of(options.now));
  for (std::size_t pair = 0; pair < kPairsMax; ++pair)
    announced_pair[pair] = static_cast<std::uint16_t>(pair);
}

MemoryUse memory_use(const Path& path) {
  return {.flows = path.flows.memory_bytes() + path.unanswered.memory_bytes() +
                   path.inspections.memory_bytes() + path.icmp_senders.memory_bytes(),
          .parking = path.parking.memory_bytes(),
          .closes = path.closes.memory_bytes(),
          .enforcement = path.meters.memory_bytes() + path.injections.memory_bytes(),
          .tunnels = path.tunnels.memory_bytes()};
}

channel::FlowOpened describe(Path& path, std::uint32_t slot) noexcept {
  const FlowHot& hot = path.flows.hot(slot);
  const FlowRest& rest = path.flows.rest(slot);
  const bool low = (hot.flags & kInitiatorIsLow) != 0;
  channel::FlowOpened opened;
  opened.number = rest.number;
  opened.initiator = initiator_address(hot);
  opened.responder = low ? hot.key.high_address : hot.key.low_address;
  opened.initiator_port = low ? hot.key.low_port : hot.key.high_port;
  opened.responder_port = low ? hot.key.high_port : hot.key.low_port;
  opened.vlan = path.tunnels.vlan_of(hot.key.vlan);
  const std::uint32_t inner = path.tunnels.inner_vlans_of(hot.key.vlan);
  opened.inner_vlans = {static_cast<std::uint16_t>(inner >> 12U),
                        static_cast<std::uint16_t>(inner & 0x0fffU)};
  opened.tunnel = path.tunnels.tunnel_of(hot.key.vlan);
  opened.pair = path.announced_pair[hot.key.pair];
  opened.client_mac = rest.client_mac;
  opened.protocol = hot.key.protocol;
  opened.initiator_inside = (hot.flags & kInitiatorInside) != 0 ? 1 : 0;
  opened.midstream = (hot.flags & kMidstreamPickup) != 0 ? 1 : 0;
  opened.level = hot.level;
  return opened;
}

TimeNs last_seen_of(Path& path, std::uint32_t slot) noexcept {
  return TimeNs{path.flows.hot(slot).last_seen} * kSecond + path.flows.cold(slot).last_seen_fraction;
}

}  // namespace weir::dataplane
