// SPDX-License-Identifier: Apache-2.0
#include "policy/export/eve.h"

#include <algorithm>

#include "policy/export/eve_parts.h"
#include "policy/export/facts.h"
#include "policy/export/text.h"
#include "policy/export/weir_object.h"

namespace weir::output {
namespace {

/// Suricata has 1 for the worst and 4 for what one may want to know.
int eve_severity(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
    case Severity::kHigh:
      return 1;
    case Severity::kMedium:
      return 2;
    case Severity::kLow:
      return 3;
    case Severity::kInfo:
      break;
  }
  return 4;
}

std::string_view category_of(std::string_view section) {
  if (section == "web") return "Web policy";
  if (section == "email") return "Email policy";
  if (section == "software") return "Software policy";
  return "Network policy";
}

std::string_view flow_state(const event::FlowEvent& event) {
  if (event.inspected() == "bypass") return "bypassed";
  const std::string& state = event.tcp_state();
  if (state == "closed" || state == "closing" || state == "fin-wait") return "closed";
  if (state == "syn-sent" || state == "syn-received") return "new";
  return event.counters().packets_from_responder() > 0 || state == "established" ? "established" : "new";
}

std::string_view flow_reason(const event::FlowEvent& event) {
  if (event.end_reason() == "shutdown") return "shutdown";
  return event.end_reason() == "evicted" || event.end_reason() == "blocked" ? "forced" : "timeout";
}

std::string_view tcp_state(const event::FlowEvent& event) {
  if (event.tcp_state() == "syn-sent") return "syn_sent";
  if (event.tcp_state() == "syn-received") return "syn_recv";
  if (event.tcp_state() == "fin-wait") return "fin_wait1";
  if (event.tcp_state() == "closing" || event.tcp_state() == "closed") return event.tcp_state();
  return "established";
}

void write_counters(JsonWriter& json, const event::Counters& counters) {
  json.number("pkts_toserver", counters.packets_from_initiator());
  json.number("pkts_toclient", counters.packets_from_responder());
  json.number("bytes_toserver", counters.bytes_from_initiator());
  json.number("bytes_toclient", counters.bytes_from_responder());
}

void write_flow(JsonWriter& json, const event::FlowEvent& event) {
  json.begin("flow");
  write_counters(json, event.counters());
  json.text("start", eve_time(time_of(event.started_ns())));
  json.text("end", eve_time(time_of(event.ended_ns())));
  json.number("age", std::max<TimeNs>(time_of(event.ended_ns()) - time_of(event.started_ns()), 0) / kSecond);
  json.text("state", flow_state(event));
  json.text("reason", flow_reason(event));
  json.flag("alerted", !event.rule().empty() && event.action() != "allow");
  if (refused(event)) json.text("action", "drop");
  json.end();
  if (event.tcp_state().empty()) return;
  json.begin("tcp");
  json.text("state", tcp_state(event));
  json.end();
}

void write_alert(JsonWriter& json, const event::FlowEvent& event, const event::Hit& hit) {
  json.begin("alert");
  json.text("action", refused(hit) ? "blocked" : "allowed");
  json.number("gid", 1);
  json.number("signature_id", signature_number(hit.rule()));
  json.number("rev", event.policy_revision());
  json.text("signature", hit.rule());
  json.text("category", category_of(hit.section()));
  json.number("severity", eve_severity(severity_of(hit.severity())));
  json.end();
}

/// The flow as an alert shows it; counters are known at its end alone.
void write_flow_of_alert(JsonWriter& json, const event::FlowEvent& event) {
  json.begin("flow");
  if (event.has_counters()) write_counters(json, event.counters());
  json.text("start", eve_time(time_of(event.started_ns())));
  json.text("src_ip", event.initiator());
  json.text("dest_ip", event.responder());
  if (event.initiator_port() != 0) json.number("src_port", event.initiator_port());
  if (event.responder_port() != 0) json.number("dest_port", event.responder_port());
  json.end();
}

Record record_of(const event::FlowEvent& event, RecordType type, JsonWriter& json) {
  return {type, Severity::kInfo, time_of(event.time_ns()), event.id().appliance(), json.take(), {}};
}

}  // namespace

void EveEncoder::encode(const event::FlowEvent& event, Records& records) {
  appliance_ = event.id().appliance();
  encode_hits(event, records);
  if (event.kind() == event::KIND_FINAL) {
    count(event);
    encode_end(event, records);
  } else if (event.mail().message().done()) {  // the classifier says an update as a mail ends
    write_record(event, RecordType::kSmtp, new_mail(event), records);
  }
}

bool EveEncoder::new_mail(const event::FlowEvent& event) {
  if (!has_smtp(event)) return false;
  const bool final = event.kind() == event::KIND_FINAL;
  if (mails_.size() >= kMailFlowsMax) mails_.clear();
  const std::uint64_t mail = number_of(event.mail().message().SerializeAsString());
  const auto [said, first] = mails_.try_emplace(flow_number(event), mail);
  const bool fresh = first || std::exchange(said->second, mail) != mail;
  if (final) mails_.erase(said);
  return fresh;
}

void EveEncoder::encode_hits(const event::FlowEvent& event, Records& records) {
  bool dropped = false;
  for (const event::Hit& hit : event.hits()) {
    const Severity severity = severity_of(hit.severity());
    if (severity < severity_) continue;
    const auto write = [&](RecordType type) {
      JsonWriter json;
      write_head(json, event, type, time_of(event.time_ns()));
      if (type == RecordType::kDrop) {
        json.text("direction", "to_server");
        json.begin("drop");
        json.text("reason", "rules");
        json.end();
      }
      write_alert(json, event, hit);
      if (type == RecordType::kAlert) {
        write_application(json, event, people_);
        json.text("app_proto", app_protocol(event));
        json.text("direction", "to_server");
        write_flow_of_alert(json, event);
      }
      write_weir(json, event, &hit, people_);
      records.push_back(record_of(event, type, json));
      records.back().severity = severity;
    };
    ++sums_.alerts;
    if (wants(RecordType::kAlert)) write(RecordType::kAlert);
    if (!refused(hit) || std::exchange(dropped, true))
      continue;  // one of a flow, though several rules say it
    if (wants(RecordType::kDrop)) write(RecordType::kDrop);
  }
}

void EveEncoder::encode_end(const event::FlowEvent& event, Records& records) {
  write_record(event, RecordType::kHttp, has_http(event), records);
  write_record(event, RecordType::kTls, has_tls(event), records);
  write_record(event, RecordType::kQuic, has_quic(event), records);
  write_record(event, RecordType::kDns, event.has_dns(), records);
  write_record(event, RecordType::kSmtp, new_mail(event), records);
  for (const SeenFile& file : files_of(event))
    write_record(event, RecordType::kFileinfo, true, records, &file);
  write_record(event, RecordType::kFlow, true, records);
}

void EveEncoder::write_record(const event::FlowEvent& event, RecordType type, bool there, Records& records,
                              const SeenFile* file) {
  if (!there || !wants(type)) return;
  JsonWriter json;
  write_head(json, event, type, time_of(event.time_ns()));
  if (type == RecordType::kFlow) {
    json.text("app_proto", app_protocol(event));
    write_flow(json, event);
  } else if (type == RecordType::kTls) {
    write_tls(json, event);
  } else {
    write_application(json, event, people_);
  }
  if (file != nullptr) {
    json.text("app_proto", app_protocol(event));
    write_file(json, *file);
  }
  write_weir(json, event, nullptr, people_);
  records.push_back(record_of(event, type, json));
}

void EveEncoder::count(const event::FlowEvent& event) {
  const auto add = [](std::uint64_t& sum, bool one) { sum += one ? 1U : 0U; };
  const event::Counters& counters = event.counters();
  ++sums_.flows;
  add(sums_.tcp, event.protocol() == 6);
  add(sums_.udp, event.protocol() == 17);
  add(sums_.icmpv4, event.protocol() == 1);
  add(sums_.icmpv6, event.protocol() == 58);
  sums_.packets += counters.packets_from_initiator() + counters.packets_from_responder();
  sums_.bytes += counters.bytes_from_initiator() + counters.bytes_from_responder();
  add(sums_.http, has_http(event));
  add(sums_.tls, has_tls(event));
  add(sums_.quic, has_quic(event));
  add(sums_.smtp, has_smtp(event));
  add(event.protocol() == 6 ? sums_.dns_tcp : sums_.dns_udp, event.has_dns());
}

void EveEncoder::sum_up(TimeNs now, Records& records) {
  if (since_ == 0) since_ = now;
  if (!wants(RecordType::kStats)) return;
  JsonWriter json;
  json.text("timestamp", eve_time(now));
  json.text("event_type", "stats");
  json.begin("stats");
  json.number("uptime", std::max<TimeNs>(now - since_, 0) / kSecond);
  json.begin("decoder");
  json.number("pkts", sums_.packets);
  json.number("bytes", sums_.bytes);
  json.end();
  json.begin("flow");
  json.number("total", sums_.flows);
  json.number("tcp", sums_.tcp);
  json.number("udp", sums_.udp);
  json.number("icmpv4", sums_.icmpv4);
  json.number("icmpv6", sums_.icmpv6);
  json.end();
  json.begin("detect");
  json.number("alert", sums_.alerts);
  json.end();
  json.begin("app_layer");
  json.begin("flow");
  json.number("http", sums_.http);
  json.number("tls", sums_.tls);
  json.number("smtp", sums_.smtp);
  json.number("quic", sums_.quic);
  json.number("dns_tcp", sums_.dns_tcp);
  json.number("dns_udp", sums_.dns_udp);
  json.end();
  json.end();
  records.push_back({RecordType::kStats, Severity::kInfo, now, appliance_, json.take(), {}});
}

}  // namespace weir::output
