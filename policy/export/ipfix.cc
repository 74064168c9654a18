// SPDX-License-Identifier: Apache-2.0
#include "policy/export/ipfix.h"

#include <algorithm>
#include <array>
#include <span>

#include "policy/export/facts.h"
#include "policy/export/text.h"
#include "policy/model/ip_address.h"

namespace weir::output {
namespace {

constexpr std::uint16_t kVersion = 10;
constexpr std::uint16_t kTemplateSet = 2;
constexpr std::uint16_t kTemplateV4 = 256;
constexpr std::uint16_t kTemplateV6 = 257;
constexpr std::uint32_t kReverse = 29'305;  // the enterprise number of RFC 5103
constexpr std::uint16_t kVariable = 65'535;
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kNameBytesMax = 200;  // of applicationName; below 255 its length is one byte

struct Element {
  std::uint16_t id;
  std::uint16_t bytes;
  bool reverse = false;
};
/// In the order of the data record. Names as in IANA's list.
constexpr std::array kCommon{
    Element{7, 2},                                  // sourceTransportPort
    Element{11, 2},                                 // destinationTransportPort
    Element{4, 1},                                  // protocolIdentifier
    Element{136, 1},                                // flowEndReason
    Element{89, 1},                                 // forwardingStatus
    Element{239, 1},                                // biflowDirection: 1, the source sent the first packet
    Element{58, 2},                                 // vlanId
    Element{152, 8},                                // flowStartMilliseconds
    Element{153, 8},                                // flowEndMilliseconds
    Element{1, 8},                                  // octetDeltaCount
    Element{2, 8},                                  // packetDeltaCount
    Element{1, 8, true},                            // the same of the other direction
    Element{2, 8, true},   Element{352, 8},         // layer2OctetDeltaCount: bytes of frames
    Element{352, 8, true}, Element{96, kVariable},  // applicationName
};

void put(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;)
    out += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}

void put_at(std::string& out, std::size_t at, std::uint16_t value) {
  out[at] = static_cast<char>(static_cast<unsigned char>(value >> 8U));
  out[at + 1] = static_cast<char>(static_cast<unsigned char>(value & 0xFFU));
}

void put_element(std::string& out, const Element& element) {
  put(out, element.id | (element.reverse ? 0x8000U : 0U), 2);
  put(out, element.bytes, 2);
  if (element.reverse) put(out, kReverse, 4);
}

void put_template(std::string& out, std::uint16_t number) {
  const bool v4 = number == kTemplateV4;
  const std::uint16_t bytes = v4 ? 4 : 16;
  put(out, number, 2);
  put(out, kCommon.size() + 2, 2);
  put_element(out, {static_cast<std::uint16_t>(v4 ? 8 : 27), bytes});  // sourceIPv4Address, sourceIPv6Address
  put_element(out, {static_cast<std::uint16_t>(v4 ? 12 : 28), bytes});  // destinationIPv4Address, ...
  for (const Element& element : kCommon) put_element(out, element);
}

/// RFC 5102, 5.11.3 (flowEndReason).
std::uint8_t end_reason(const event::FlowEvent& event) {
  const std::string& reason = event.end_reason();
  if (reason == "idle") return 1;
  if (reason == "fin" || reason == "reset" || reason == "blocked") return 3;
  return reason == "evicted" ? 5 : 4;
}

void put_address(std::string& out, const IpAddress& address) {
  const std::span<const std::uint8_t> bytes{address.bytes()};
  for (const std::uint8_t byte : address.is_v4() ? bytes.last(4) : bytes) put(out, byte, 1);
}

std::string data_record(const event::FlowEvent& event, const IpAddress& source,
                        const IpAddress& destination) {
  constexpr std::uint64_t kMillisecondNs = 1'000'000;
  const event::Counters& counters = event.counters();
  const std::uint64_t tags = (event.vlan() != 0 ? 1U : 0U) + static_cast<unsigned>(event.inner_vlans_size());
  std::string out;
  put_address(out, source);
  put_address(out, destination);
  put(out, event.initiator_port(), 2);
  put(out, event.responder_port(), 2);
  put(out, event.protocol(), 1);
  put(out, end_reason(event), 1);
  put(out, refused(event) ? 128 : 64, 1);  // dropped, forwarded; the reason is the policy's
  put(out, 1, 1);
  put(out, event.vlan() & 0xFFFU, 2);
  put(out, event.started_ns() / kMillisecondNs, 8);
  put(out, event.ended_ns() / kMillisecondNs, 8);
  put(out, ip_octets(counters.bytes_from_initiator(), counters.packets_from_initiator(), tags), 8);
  put(out, counters.packets_from_initiator(), 8);
  put(out, ip_octets(counters.bytes_from_responder(), counters.packets_from_responder(), tags), 8);
  put(out, counters.packets_from_responder(), 8);
  put(out, counters.bytes_from_initiator(), 8);
  put(out, counters.bytes_from_responder(), 8);
  std::string name = printable(event.app().empty() ? event.master() : event.app());
  while (name.size() > kNameBytesMax) {  // a character is at most four bytes
    do name.pop_back();
    while (!name.empty() && (static_cast<unsigned char>(name.back()) & 0xC0U) == 0x80U);
  }
  put(out, name.size(), 1);
  return out + name;
}

}  // namespace

void IpfixEncoder::encode(const event::FlowEvent& event, Records& records) {
  if (event.kind() != event::KIND_FINAL) return;
  const auto source = IpAddress::parse(event.initiator());
  const auto destination = IpAddress::parse(event.responder());
  if (!source || !destination || source->is_v4() != destination->is_v4()) return;
  std::string body;
  put(body, source->is_v4() ? kTemplateV4 : kTemplateV6, 2);
  body += data_record(event, *source, *destination);
  records.push_back({RecordType::kFlow,
                     Severity::kInfo,
                     time_of(event.time_ns()),
                     event.id().appliance(),
                     std::move(body),
                     {}});
}

void IpfixMessages::begin_session() {
  for (auto& [number, domain] : domains_) {
    domain.templates_sent = 0;
    if (reliable_) domain.sequence = 0;
  }
  sets_.clear();
  waiting_ = 0;
  open_set_ = 0;
}

void IpfixMessages::add(std::string_view record, std::uint32_t domain, TimeNs now,
                        std::vector<std::string>& messages) {
  const auto set = static_cast<std::uint16_t>(static_cast<unsigned char>(record[0]) << 8U |
                                              static_cast<unsigned char>(record[1]));
  record.remove_prefix(2);
  constexpr std::size_t kSetHeaderBytes = 4;
  if (domain != current_ || kHeaderBytes + sets_.size() + kSetHeaderBytes + record.size() > bytes_max())
    flush(now, messages);
  current_ = domain;
  if (domains_.size() >= kDomainsMax && !domains_.contains(domain)) domains_.clear();
  Domain& state = domains_[domain];
  if (state.templates_sent == 0 || (!reliable_ && now - state.templates_sent >= kTemplateEvery)) {
    flush(now, messages);
    state.templates_sent = std::max<TimeNs>(now, 1);
    put(sets_, kTemplateSet, 2);
    put(sets_, 0, 2);
    put_template(sets_, kTemplateV4);
    put_template(sets_, kTemplateV6);
    put_at(sets_, 2, static_cast<std::uint16_t>(sets_.size()));
  }
  if (set != open_set_) {
    open_set_ = set;
    open_at_ = sets_.size();
    put(sets_, set, 2);
    put(sets_, 0, 2);
  }
  sets_ += record;
  put_at(sets_, open_at_ + 2, static_cast<std::uint16_t>(sets_.size() - open_at_));
  ++waiting_;
}

void IpfixMessages::flush(TimeNs now, std::vector<std::string>& messages) {
  if (sets_.empty()) return;
  Domain& state = domains_[current_];
  std::string message;
  put(message, kVersion, 2);
  put(message, kHeaderBytes + sets_.size(), 2);
  put(message, static_cast<std::uint64_t>(now / kSecond), 4);
  put(message, state.sequence, 4);
  put(message, current_, 4);
  messages.push_back(message + sets_);
  state.sequence += waiting_;
  waiting_ = 0;
  open_set_ = 0;
  sets_.clear();
}

std::uint32_t observation_domain(std::string_view appliance) {
  return static_cast<std::uint32_t>(number_of(appliance) % 0xFFFF'FFFFU) +
         1;  // 0 would be the whole exporter
}

std::uint64_t ip_octets(std::uint64_t frame_bytes, std::uint64_t packets, std::uint64_t tags) {
  constexpr std::uint64_t kEthernetBytes = 14;
  constexpr std::uint64_t kTagBytes = 4;
  const std::uint64_t around = packets * (kEthernetBytes + tags * kTagBytes);
  return frame_bytes - std::min(frame_bytes, around);
}

}  // namespace weir::output
