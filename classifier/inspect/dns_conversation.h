// SPDX-License-Identifier: Apache-2.0
// The questions and answers of one flow, over UDP or TCP: every question of every message is put where a
// decision looks for it, one after the other; an answer counts only if it is to a question that the other end
// of this flow asked before (id, name and type are the same). Bounded; keeps questions until they are
// answered.
#pragma once

#include <vector>

#include "classifier/inspect/dns_message.h"
#include "dataplane/channel/messages.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

/// Questions that wait for their answers; of more the oldest is forgotten (its answer proves nothing then).
inline constexpr std::size_t kDnsUnansweredMax = 64;

/// How much a message says: names of one's own network (multicast DNS, LLMNR) are no evidence of others.
enum class DnsScope : std::uint8_t { kUnicast, kLocal };

struct DnsHeard {
  DnsParse parse = DnsParse::kOk;
  bool changed = false;   // the facts: judge them
  bool more = false;      // another question waits: call `next`
  bool answered = false;  // `facts.dns` is the answer to a question of the other end
};

class DnsConversation {
 public:
  [[nodiscard]] DnsHeard message(channel::Direction from, Bytes bytes, FlowFacts& facts,
                                 DnsScope scope = DnsScope::kUnicast);
  /// The next question of the last message.
  [[nodiscard]] DnsHeard next(FlowFacts& facts);
  [[nodiscard]] bool more() const { return !questions_.empty(); }
  /// The last message that was read; for who looks into its records.
  [[nodiscard]] const DnsMessage& last() const { return last_; }
  [[nodiscard]] std::size_t bytes_held() const;

 private:
  struct Asked {
    channel::Direction from{};
    std::uint16_t id = 0;
    DnsQuestion question;
  };
  [[nodiscard]] DnsHeard questions(channel::Direction from, DnsScope scope, FlowFacts& facts);
  [[nodiscard]] DnsHeard answer(channel::Direction from, DnsScope scope, FlowFacts& facts);
  void remember(Asked asked);
  [[nodiscard]] bool take_asked(channel::Direction from, const DnsQuestion& question);

  DnsMessage last_;
  std::vector<DnsQuestion> questions_;  // of the last message, not yet judged; the next one is the last
  std::vector<Asked> asked_;
  std::size_t oldest_ = 0;  // where the next one goes when `asked_` is full
};

}  // namespace weir::classifier
