// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/facts.h"

#include "policy/bus/stream_reader.h"
#include "policy/bus/streams.h"

namespace weir::policy {

Result<void> FactsWriter::write(std::span<const QuotaFact> facts) {
  for (const QuotaFact& fact : facts) {
    if (auto queued = writer_.append(kFactsStream, encode_fact(fact)); !queued) return queued;
  }
  const FlushReport report = writer_.flush();
  written_ += report.acknowledged;
  if (!report.error) return {};
  Error error = *report.error;
  if (writer_.usable()) error.code = ErrorCode::kLimit;
  return tl::unexpected(error);
}

Result<std::vector<QuotaFact>> FactsReader::read(std::chrono::milliseconds block) {
  std::vector<QuotaFact> facts;
  while (facts.empty()) {
    const auto payloads = next(block);
    if (!payloads) return tl::unexpected(payloads.error());
    if (payloads->empty()) break;
    for (const std::string& payload : *payloads) {
      auto fact = decode_fact(payload);
      if (fact) {
        facts.push_back(std::move(*fact));
      } else {
        ++skipped_;
      }
    }
  }
  return facts;
}

Result<std::vector<std::string>> FactsReader::next(std::chrono::milliseconds block) {
  const std::string count = std::to_string(kFactsAtOnce);
  StreamsRead wanted{{"XREAD", "COUNT", count}, {{std::string{kFactsStream}, after_}}, {}};
  if (block.count() > 0) wanted.block = block;
  const auto answers = connection_.read(wanted);
  if (!answers) return tl::unexpected(answers.error());
  if (!answers->front()) return tl::unexpected(answers->front().error());
  auto entries = entries_of(*answers->front(), std::string{kFactsStream});
  if (!entries) return tl::unexpected(entries.error());
  std::vector<std::string> payloads;
  for (StreamEntry& entry : *entries) {
    after_ = entry.id;
    payloads.push_back(std::move(entry.payload));
  }
  return payloads;
}

}  // namespace weir::policy
