// SPDX-License-Identifier: Apache-2.0
// IPFIX (RFC 7011): a flow's end as one data record in both directions (RFC 5103), and the messages that
// carry records with the templates that explain them. Elements are IANA's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/export/encoder.h"

namespace weir::output {

/// `body` is the template's number in two bytes, then the data record.
class IpfixEncoder : public Encoder {
 public:
  void encode(const event::FlowEvent& event, Records& records) override;
};

inline constexpr std::size_t kIpfixUdpBytesMax = 1'400;   // of a message: within every MTU (RFC 7011, 10.3.3)
inline constexpr std::size_t kIpfixTcpBytesMax = 16'384;  // far below the 65,535 of the length field
inline constexpr TimeNs kTemplateEvery = 60 * kSecond;    // over UDP they are sent again (RFC 7011, 8.4)

inline constexpr std::size_t kDomainsMax = 256;  // that are remembered; then all begin anew

/// Packs data records into messages.
class IpfixMessages {
 public:
  explicit IpfixMessages(bool reliable) : reliable_(reliable) {}
  /// A new transport session: templates first; over TCP the sequence begins anew.
  void begin_session();
  void add(std::string_view record, std::uint32_t domain, TimeNs now, std::vector<std::string>& messages);
  /// What waits becomes a message.
  void flush(TimeNs now, std::vector<std::string>& messages);

 private:
  [[nodiscard]] std::size_t bytes_max() const { return reliable_ ? kIpfixTcpBytesMax : kIpfixUdpBytesMax; }

  struct Domain {
    std::uint32_t sequence = 0;  // records sent so far (RFC 7011, 3.1)
    TimeNs templates_sent = 0;   // 0: not in this session
  };

  bool reliable_;
  std::map<std::uint32_t, Domain> domains_;
  std::uint32_t current_ = 0;  // the domain of what waits: a message is of one
  std::uint32_t waiting_ = 0;  // records in sets_
  std::uint16_t open_set_ = 0;
  std::size_t open_at_ = 0;  // where the open set begins in sets_
  std::string sets_;
};

/// Names one appliance's flows among all that a collector is told: a hash of its name.
[[nodiscard]] std::uint32_t observation_domain(std::string_view appliance);
/// Octets of IP: those of frames without their Ethernet header and `tags` VLAN tags.
[[nodiscard]] std::uint64_t ip_octets(std::uint64_t frame_bytes, std::uint64_t packets, std::uint64_t tags);

}  // namespace weir::output
