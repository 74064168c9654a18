// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/evt_feed.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/delimited_message_util.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <unordered_map>

#include "policy/bus/event_batch.h"
#include "policy/bus/streams.h"
#include "policy/model/time.h"
#include "policy/model/wall_clock.h"

namespace weir::bench {
namespace {

constexpr std::uint64_t kBoot = 0x5eed;

constexpr const char* kMadeUp[] = {
    R"e(kind: KIND_OPENED flow_id: "tls" initiator: "10.20.1.7" initiator_port: 50123 responder:
        "142.250.1.100" responder_port: 443 protocol: 6 client_mac: "66:77:88:99:aa:bb"
        initiator_inside: true master: "TLS" app: "YouTube" confidence: "DPI" host: "www.youtube.com"
        host_source: "tls-sni" country: "US" asn: 15169 as_org: "GOOGLE" alpn: "h2" action: "allow"
        policy_revision: 7 group: "staff" community_id: "1:kc5YWpTdQ5KfQc3/uxh7jsTUwm0=" path {
        section: "network" why: "no rule of the section matches" } path { section: "web" rule:
        "no-gambling" why: "www.youtube.com is in no category of the rule" } tls { ja3:
        "618ee2509ef52bf0b8216e1564eea909" ja4: "t13d1516h2_8daaf6152771_e5627efa2ab1" version: 772
        server_version: 772 cipher: 4865 ech: "none" } software { product: "firefox" version: "115.0"
        evidence: "ja4: t13d1516h2_8daaf6152771" confidence: "low" })e",
    R"e(kind: KIND_FINAL flow_id: "tls" initiator: "10.20.1.7" initiator_port: 50123 responder:
        "142.250.1.100" responder_port: 443 protocol: 6 client_mac: "66:77:88:99:aa:bb"
        initiator_inside: true master: "TLS" app: "YouTube" confidence: "DPI" host: "www.youtube.com"
        host_source: "tls-sni" country: "US" asn: 15169 as_org: "GOOGLE" alpn: "h2" action: "allow"
        policy_revision: 7 group: "staff" end_reason: "fin" tcp_state: "closed" community_id:
        "1:kc5YWpTdQ5KfQc3/uxh7jsTUwm0=" counters { packets_from_initiator: 40 packets_from_responder:
        90 bytes_from_initiator: 9000 bytes_from_responder: 120000 } inspected: "full" quota_uses {
        rule: "video" subject: "10.20.1.7" bytes: 129000 } path { section: "network" why:
        "no rule of the section matches" } path { section: "web" rule: "no-gambling" why:
        "www.youtube.com is in no category of the rule" } tls { ja3: "618ee2509ef52bf0b8216e1564eea909"
        ja4: "t13d1516h2_8daaf6152771_e5627efa2ab1" version: 772 server_version: 772 cipher: 4865 ech:
        "none" })e",
    R"e(kind: KIND_FINAL flow_id: "dns" initiator: "10.20.1.8" initiator_port: 40001 responder:
        "10.20.0.53" responder_port: 53 protocol: 17 client_mac: "66:77:88:99:aa:bc" initiator_inside:
        true master: "DNS" confidence: "DPI" host: "bet.example" host_source: "dns-query" action:
        "block" policy_revision: 7 rule: "no-gambling" end_reason: "blocked" community_id:
        "1:YxwgqVk1IKs+wpbWaQddFFqHbmo=" inspected: "full" counters { packets_from_initiator: 1
        bytes_from_initiator: 80 } hits { rule: "no-gambling" section: "web" severity: "high" action:
        "block" object: "bet.example" } path { section: "web" rule: "no-gambling" matched: true why:
        "bet.example is in category gambling" } dns { query: "bet.example" query_type: 1 })e"};

std::vector<event::FlowEvent> made_up() {
  std::vector<event::FlowEvent> all;
  for (const char* text : kMadeUp) {
    if (!google::protobuf::TextFormat::ParseFromString(text, &all.emplace_back())) std::abort();
  }
  return all;
}

}  // namespace

std::vector<event::FlowEvent> read_templates(const std::string& path) {
  if (path.empty()) return made_up();
  std::ifstream file(path, std::ios::binary);
  google::protobuf::io::IstreamInputStream in{&file};
  std::vector<event::FlowEvent> all;
  bool end = false;
  while (google::protobuf::util::ParseDelimitedFromZeroCopyStream(&all.emplace_back(), &in, &end)) continue;
  all.pop_back();
  if (!end || all.empty()) {
    std::fprintf(stderr, "bench: error: %s holds no events\n", path.c_str());
    std::exit(2);
  }
  return all;
}

EventFeed::EventFeed(std::vector<event::FlowEvent> templates, std::uint32_t worker, Spread spread)
    : templates_(std::move(templates)), worker_(worker), spread_(spread) {
  std::unordered_map<std::string, std::uint64_t> flows;
  for (event::FlowEvent& event : templates_) {
    flow_of_.push_back(flows.try_emplace(event.flow_id(), flows.size()).first->second);
    event.mutable_id()->set_appliance("weir");
    event.mutable_id()->set_boot(kBoot);
    event.mutable_id()->set_worker(worker_);
  }
  flows_ = flows.size();
}

const event::FlowEvent& EventFeed::next() {
  const std::size_t at = sequence_ % templates_.size();
  const std::uint64_t flow = sequence_ / templates_.size() * flows_ + flow_of_[at] + 1;
  event::FlowEvent& event = templates_[at];
  const auto now = static_cast<std::uint64_t>(wall_clock());
  event.mutable_id()->set_sequence(++sequence_);
  event.set_flow_id("0000000000005eed-" + std::to_string(worker_) + "-" + std::to_string(flow));
  event.set_time_ns(now);
  event.set_started_ns(now - std::uint64_t{kSecond});
  if (event.ended_ns() != 0) event.set_ended_ns(now);
  place(event, flow);
  return event;
}

void EventFeed::place(event::FlowEvent& event, std::uint64_t flow) const {
  const std::uint64_t drawn = flow * 0x9e37'79b9'7f4a'7c15;
  if (spread_.clients != 0) {
    const std::uint64_t client = (drawn >> 40U) % spread_.clients;
    (event.initiator_inside() ? event.mutable_initiator() : event.mutable_responder())
        ->assign("10.20." + std::to_string(client >> 8U & 255U) + "." + std::to_string(client & 255U));
  }
  if (spread_.hosts == 0) return;
  const std::uint64_t host = (drawn >> 20U & 0xfffffU) % spread_.hosts;
  (event.initiator_inside() ? event.mutable_responder() : event.mutable_initiator())
      ->assign("203.0." + std::to_string(host >> 8U & 255U) + "." + std::to_string(host & 255U));
  if (!event.host().empty()) event.set_host("www.host" + std::to_string(host) + ".example");
}

std::vector<policy::StreamEntry> EventFeed::entries(std::size_t count, std::size_t batch) {
  std::vector<policy::StreamEntry> all;
  std::vector<std::string> events;
  for (std::size_t i = 0; i < count; ++i) {
    events.clear();
    for (std::size_t j = 0; j < batch; ++j) events.push_back(next().SerializeAsString());
    const std::vector<std::string_view> views{events.begin(), events.end()};
    for (std::span<const std::string_view> rest{views}; !rest.empty();) {
      const std::size_t fit = policy::fitting(rest);
      all.push_back({policy::flow_stream(worker_), "0-" + std::to_string(all.size() + 1),
                     policy::encode_batch(rest.first(fit)), false});
      rest = rest.subspan(fit);
    }
  }
  return all;
}

}  // namespace weir::bench
