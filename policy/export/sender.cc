// SPDX-License-Identifier: Apache-2.0
#include "policy/export/sender.h"

namespace weir::output {

Sender::Sender(const OutputSettings& settings, Counters& counters)
    : framing_(make_framing(settings.carrier)), transport_(make_transport(settings)), counters_(counters) {}

Result<void> Sender::deliver(const Records& records, TimeNs now) {
  auto done = attempt(records, now);
  if (done) return done;
  ++counters_.failures;
  disconnect();
  return done;
}

void Sender::disconnect() {
  transport_->close();
  open_ = false;
  counters_.connected = false;
}

Result<void> Sender::attempt(const Records& records, TimeNs now) {
  if (!open_) {
    if (auto opened = transport_->open(); !opened) return opened;
    framing_->begin_session();
    open_ = true;
    counters_.connected = true;
  }
  if (records.empty()) return {};
  std::vector<std::string> messages;
  for (const Record& record : records) framing_->add(record, now, messages);
  framing_->flush(now, messages);
  std::uint64_t bytes = 0;
  std::uint64_t too_long = 0;
  if (auto sent = send(messages, bytes, too_long); !sent) return sent;
  if (auto delivered = transport_->deliver(); !delivered) return delivered;
  counters_.lose(Loss::kTooLong, too_long);
  counters_.records += records.size() - too_long;
  counters_.bytes += bytes;
  counters_.delivered = now;
  return {};
}

Result<void> Sender::send(const std::vector<std::string>& messages, std::uint64_t& bytes,
                          std::uint64_t& too_long) {
  for (const std::string& message : messages) {
    auto sent = transport_->send(message);
    if (sent) {
      bytes += message.size();
    } else if (sent.error().code == ErrorCode::kLimit) {
      ++too_long;  // one record a message wherever messages can be too long
    } else {
      return sent;
    }
  }
  return {};
}

}  // namespace weir::output
