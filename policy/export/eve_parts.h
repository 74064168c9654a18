// SPDX-License-Identifier: Apache-2.0
// The parts of EVE records: what all begin with, and the object of each application protocol.
#pragma once

#include "policy/export/encoder.h"
#include "policy/export/json_writer.h"

namespace weir::output {

/// timestamp, flow_id, in_iface, event_type, vlan, the ends, proto, ether, community_id.
void write_head(JsonWriter& json, const event::FlowEvent& event, RecordType type, TimeNs time);

[[nodiscard]] bool has_http(const event::FlowEvent& event);
[[nodiscard]] bool has_quic(const event::FlowEvent& event);
[[nodiscard]] bool has_tls(const event::FlowEvent& event);  // over TCP
[[nodiscard]] bool has_smtp(const event::FlowEvent& event);

void write_http(JsonWriter& json, const event::FlowEvent& event);
void write_tls(JsonWriter& json, const event::FlowEvent& event);
void write_quic(JsonWriter& json, const event::FlowEvent& event);
void write_dns(JsonWriter& json, const event::FlowEvent& event);
void write_smtp(JsonWriter& json, const event::FlowEvent& event, bool people);
/// The one of the flow's protocol, if it is one of these.
void write_application(JsonWriter& json, const event::FlowEvent& event, bool people);

/// Files that passed: attachments of the flow's last mail, and what an HTTP reply calls a file.
struct SeenFile {
  std::string name;
  std::string sha256;
  std::string type;
  std::uint64_t bytes = 0;
  bool whole = false;
};
[[nodiscard]] std::vector<SeenFile> files_of(const event::FlowEvent& event);
void write_file(JsonWriter& json, const SeenFile& file);

}  // namespace weir::output
