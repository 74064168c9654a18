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
  if (report.error) return tl::unexpected(*report.error);
  return {};
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
  if (auto set = connection_.wait_longer(block); !set) return tl::unexpected(set.error());
  const std::string count = std::to_string(kFactsAtOnce);
  const std::string wait = std::to_string(block.count());
  std::vector<std::string_view> command{"XREAD", "COUNT", count};
  if (block.count() > 0) command.insert(command.end(), {"BLOCK", wait});
  command.insert(command.end(), {"STREAMS", kFactsStream, after_});
  const auto reply = connection_.command(command);
  if (!reply) return tl::unexpected(reply.error());
  if (reply->kind == RedisReply::Kind::kNil) return std::vector<std::string>{};
  if (reply->items.size() != 1 || reply->items[0].items.size() != 2) {
    return failure(ErrorCode::kCorrupt, "Redis answered XREAD in a form that is not known");
  }
  auto entries = entries_of(reply->items[0].items[1], std::string{kFactsStream});
  if (!entries) return tl::unexpected(entries.error());
  std::vector<std::string> payloads;
  for (StreamEntry& entry : *entries) {
    after_ = entry.id;
    payloads.push_back(std::move(entry.payload));
  }
  return payloads;
}

}  // namespace weir::policy
