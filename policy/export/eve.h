// SPDX-License-Identifier: Apache-2.0
// EVE JSON: the keys and types of Suricata 7, so that what reads its eve.json reads this. What Weir knows
// more is under the one key `weir`. Which records come of which event is in docs/events.md.
#pragma once

#include <unordered_map>

#include "policy/export/encoder.h"

namespace weir::output {

struct SeenFile;

inline constexpr std::size_t kMailFlowsMax =
    4'096;  // mail sessions that are remembered; then they are forgotten

class EveEncoder : public Encoder {
 public:
  explicit EveEncoder(const OutputSettings& settings)
      : types_(settings.types), severity_(settings.severity), people_(settings.people != People::kNone) {}
  void encode(const event::FlowEvent& event, Records& records) override;
  /// The record `stats`: what was written since the start, under Suricata's names for it.
  void sum_up(TimeNs now, Records& records) override;

 private:
  struct Sums {
    std::uint64_t flows = 0, tcp = 0, udp = 0, icmpv4 = 0, icmpv6 = 0;
    std::uint64_t packets = 0, bytes = 0, alerts = 0;
    std::uint64_t http = 0, tls = 0, dns_tcp = 0, dns_udp = 0, smtp = 0, quic = 0;
  };
  void count(const event::FlowEvent& event);
  [[nodiscard]] bool wants(RecordType type) const { return has(types_, type); }
  void encode_hits(const event::FlowEvent& event, Records& records);
  void write_record(const event::FlowEvent& event, RecordType type, bool there, Records& records,
                    const SeenFile* file = nullptr);
  void encode_end(const event::FlowEvent& event, Records& records);

  /// Of a mail session: whether its last mail was not written yet.
  [[nodiscard]] bool new_mail(const event::FlowEvent& event);

  RecordTypes types_;
  Severity severity_;
  bool people_;
  Sums sums_;
  TimeNs since_ = 0;  // the first time that was seen, for `uptime`
  std::string appliance_;
  std::unordered_map<std::uint64_t, std::uint64_t> mails_;  // flow, and the last mail written of it
};

}  // namespace weir::output
