// SPDX-License-Identifier: Apache-2.0
// Plays a conversation to a mail parser: turns are separated by 0xfe, the server begins.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "classifier/inspect/parse_step.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::fuzz {

struct Played {
  classifier::Outcome end = classifier::Outcome::kMore;
  std::vector<std::string> judged;  // at each point where the parser wanted it
  FlowFacts facts;
  std::uint64_t skip[2] = {0, 0};  // bytes of each side that are not shown
};

inline std::string judged_now(const MailFacts& mail) {
  std::string out = mail.sender + '>' + mail.pending_recipient + '|' + mail.user + '|' + mail.mailer;
  for (const std::string& each : mail.recipients) out += ',' + each;
  for (const MailMessage& message : mail.message) {
    out += '|' + message.subject + std::to_string(message.bytes) + (message.done ? "d" : "");
    for (const Attachment& each : message.attachments) out += each.name + each.sha256;
  }
  return out;
}

/// One piece of a turn; false when the session ended.
template <class Session>
bool turn(Session& session, bool client, Bytes part, Played& played) {
  bool again = false;
  while (!part.empty() || again) {
    const classifier::ParseStep step =
        client ? session.from_client(part, played.facts) : session.from_server(part, played.facts);
    if (step.consumed > part.size()) std::abort();
    if (session.bytes_held() > 1'000'000) std::abort();
    part = part.subspan(step.consumed);
    again = step.again;
    played.skip[client ? 1 : 0] += step.skip;
    if (step.skip > 0 && !part.empty()) std::abort();
    if (step.outcome == classifier::Outcome::kName) {
      played.judged.push_back(judged_now(played.facts.mail));
    } else if (step.outcome != classifier::Outcome::kMore) {
      played.end = step.outcome;
      return false;
    } else if (!part.empty() && step.consumed == 0) {
      std::abort();
    }
  }
  return true;
}

template <class Session>
Played play(Session session, Bytes bytes, bool single_bytes) {
  Played played;
  bool client = false;
  while (!bytes.empty()) {
    const std::size_t end = std::min(as_text(bytes).find('\xfe'), bytes.size());
    Bytes part = bytes.first(end);
    bytes = bytes.subspan(std::min(end + 1, bytes.size()));
    while (!part.empty()) {
      std::uint64_t& skip = played.skip[client ? 1 : 0];
      const std::size_t skipped = std::min<std::uint64_t>(skip, part.size());
      skip -= skipped;
      part = part.subspan(skipped);
      const std::size_t count = std::min<std::size_t>(single_bytes ? 1 : part.size(), part.size());
      if (count > 0 && !turn(session, client, part.first(count), played)) return played;
      part = part.subspan(count);
    }
    client = !client;
  }
  return played;
}

/// Whole turns and single bytes must judge the same and end the same, unless they are refused.
template <class Session>
void compare(const auto& make, Bytes bytes) {
  const Played whole = play<Session>(make(), bytes, false);
  const Played single = play<Session>(make(), bytes, true);
  if (whole.end != single.end) std::abort();
  if (whole.end != classifier::Outcome::kMore) return;
  if (whole.judged != single.judged || judged_now(whole.facts.mail) != judged_now(single.facts.mail))
    std::abort();
}

}  // namespace weir::fuzz
