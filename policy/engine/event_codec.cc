// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/event_codec.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstdint>

namespace weir::policy {
namespace {

tl::unexpected<Error> corrupt(std::string why) { return failure(ErrorCode::kCorrupt, std::move(why)); }

tl::unexpected<Error> too_many() {
  return corrupt(fmt::format("a list has more than {} entries", kRepeatedMax));
}

bool plain_word(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool within_counts(const event::FlowEvent& event) {
  return event.hits_size() <= kRepeatedMax && event.path_size() <= kRepeatedMax &&
         event.software_size() <= kRepeatedMax && event.alpn_size() <= kRepeatedMax &&
         event.exceptions_size() <= kRepeatedMax && event.mail().recipients_size() <= kRepeatedMax &&
         event.quota_uses_size() <= kRepeatedMax && event.quota_facts_size() <= kRepeatedMax;
}

Result<void> check(const event::FlowEvent& event) {
  if (!plain_word(event.id().appliance(), kApplianceBytesMax)) return corrupt("the id names no appliance");
  if (event.id().sequence() == 0 || event.id().sequence() > INT64_MAX)
    return corrupt("the id's sequence is no number");
  if (event.kind() != event::KIND_OPENED && event.kind() != event::KIND_UPDATE &&
      event.kind() != event::KIND_FINAL) {
    return corrupt(fmt::format("kind {} is not known", static_cast<int>(event.kind())));
  }
  if (!plain_word(event.flow_id(), kFlowIdBytesMax)) return corrupt("the flow id is none");
  if (!IpAddress::parse(event.initiator()) || !IpAddress::parse(event.responder())) {
    return corrupt("an address is none");
  }
  if (event.initiator_port() > UINT16_MAX || event.responder_port() > UINT16_MAX)
    return corrupt("a port is none");
  if (event.protocol() > UINT8_MAX) return corrupt("the protocol is none");
  if (event.time_ns() > INT64_MAX || event.started_ns() > INT64_MAX || event.ended_ns() > INT64_MAX) {
    return corrupt("a time is out of range");
  }
  if (!within_counts(event)) return too_many();
  return {};
}

Result<void> check_size(std::string_view payload) {
  if (payload.empty()) return corrupt("the entry holds no event");
  if (payload.size() > kEventBytesMax) return corrupt(fmt::format("{} bytes are too many", payload.size()));
  return {};
}

constexpr std::uint64_t kPathTag =
    static_cast<std::uint64_t>(event::FlowEvent::kPathFieldNumber) << 3U | 2U;  // of wire type 2: bytes

/// Takes a varint off the front; false: there is none, or it has more bytes than its number needs, of which
/// readers make different things.
bool take_varint(std::string_view& rest, std::uint64_t& value) {
  value = 0;
  for (std::size_t i = 0; i < 10 && i < rest.size(); ++i) {
    const auto byte = static_cast<unsigned char>(rest[i]);
    value |= std::uint64_t{byte & 0x7fU} << 7U * i;
    if ((byte & 0x80U) != 0) continue;
    if (byte == 0 && i > 0) return false;
    rest.remove_prefix(i + 1);
    return true;
  }
  return false;
}

/// One field of a message, as it lies there.
struct Field {
  std::uint64_t tag = 0;
  std::string_view bytes{};  // of wire type 2, else empty
};

/// Takes a field off the front; false: there is none that can be read, or one of a group.
bool take_field(std::string_view& rest, Field& field) {
  std::uint64_t length = 0;
  if (!take_varint(rest, field.tag) || field.tag >> 3U == 0 || field.tag > UINT32_MAX) return false;
  switch (field.tag & 7U) {
    case 0:
      return take_varint(rest, length);
    case 1:
      length = 8;
      break;
    case 2:
      if (!take_varint(rest, length)) return false;
      break;
    case 5:
      length = 4;
      break;
    default:
      return false;
  }
  if (length > rest.size()) return false;
  field.bytes = (field.tag & 7U) == 2 ? rest.substr(0, length) : std::string_view{};
  rest.remove_prefix(length);
  return true;
}

/// A step that protobuf would take: whole fields, and texts of ASCII.
bool is_plain_step(std::string_view step) {
  Field field;
  while (!step.empty()) {
    if (!take_field(step, field)) return false;
    if (!std::ranges::all_of(field.bytes, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
      return false;
  }
  return true;
}

/// Copies all fields but plain steps of the path; gives how many it left out. What cannot be read is copied
/// whole, for protobuf to say so.
int copy_without_path(std::string_view payload, std::string& into) {
  into.clear();
  int steps = 0;
  std::string_view rest = payload;
  const char* copied = payload.data();  // up to here
  Field field;
  for (const char* begin = rest.data(); !rest.empty() && take_field(rest, field); begin = rest.data()) {
    if (field.tag != kPathTag || !is_plain_step(field.bytes)) continue;
    into.append(copied, begin);
    copied = rest.data();
    ++steps;
  }
  into.append(copied, payload.data() + payload.size());
  return steps;
}

}  // namespace

Result<const event::FlowEvent*> EventReader::read(std::string_view payload) {
  if (auto possible = check_size(payload); !possible) return tl::unexpected(possible.error());
  const int steps = copy_without_path(payload, without_path_);
  if (!event_.ParseFromString(without_path_)) return corrupt("the bytes are no FlowEvent");
  if (auto checked = check(event_); !checked) return tl::unexpected(checked.error());
  if (event_.path_size() + steps > kRepeatedMax) return too_many();
  return &event_;
}

Result<void> decode_event(std::string_view payload, event::FlowEvent& event) {
  if (auto possible = check_size(payload); !possible) return possible;
  if (!event.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return corrupt("the bytes are no FlowEvent");
  }
  return check(event);
}

Result<event::FlowEvent> decode_event(std::string_view payload) {
  event::FlowEvent event;
  if (auto decoded = decode_event(payload, event); !decoded) return tl::unexpected(decoded.error());
  return event;
}

Result<std::string> event_to_json(const event::FlowEvent& event) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(event, &json, options);
  if (!status.ok()) return corrupt(fmt::format("the event cannot be written as JSON: {}", status.ToString()));
  return json;
}

Result<event::FlowEvent> event_from_json(const std::string& json) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // kept by a newer Weir
  event::FlowEvent event;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &event, options);
  if (!status.ok()) return corrupt(fmt::format("the event cannot be read from JSON: {}", status.ToString()));
  if (auto checked = check(event); !checked) return tl::unexpected(checked.error());
  return event;
}

FiveTuple tuple_of(const event::FlowEvent& event) {
  FiveTuple tuple;
  tuple.initiator = IpAddress::parse(event.initiator()).value_or(IpAddress{});
  tuple.responder = IpAddress::parse(event.responder()).value_or(IpAddress{});
  tuple.initiator_port = static_cast<std::uint16_t>(event.initiator_port());
  tuple.responder_port = static_cast<std::uint16_t>(event.responder_port());
  tuple.protocol = static_cast<std::uint8_t>(event.protocol());
  return tuple;
}

const std::string& client_of(const event::FlowEvent& event) {
  return event.initiator_inside() ? event.initiator() : event.responder();
}

const std::string& peer_of(const event::FlowEvent& event) {
  return event.initiator_inside() ? event.responder() : event.initiator();
}

}  // namespace weir::policy
