// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/stream_browser.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace weir::policy {

namespace {

constexpr std::uint64_t kScanStep = 100;  // entries a command: full batches are 20 KB and more

}  // namespace

Result<std::uint64_t> StreamBrowser::scan_backwards(const std::string& stream, std::uint64_t entries_max,
                                                    const std::function<bool(const StreamEntry&)>& visit,
                                                    const std::string& from) {
  std::string newest = from;
  std::uint64_t visited = 0;
  while (visited < entries_max) {
    const std::string count = std::to_string(std::min(kScanStep, entries_max - visited));
    const auto reply = connection_.command({"XREVRANGE", stream, newest, "-", "COUNT", count});
    if (!reply) return tl::unexpected(reply.error());
    const auto entries = entries_of(*reply, stream);
    if (!entries) return tl::unexpected(entries.error());
    if (entries->empty()) break;
    for (const StreamEntry& entry : *entries) {
      ++visited;
      if (!visit(entry)) return visited;
    }
    newest = "(" + entries->back().id;
  }
  return visited;
}

Result<void> StreamBrowser::mark(const std::vector<std::string>& streams) {
  for (const std::string& stream : streams) {
    std::string last = "0-0";
    const auto reached = scan_backwards(stream, 1, [&](const StreamEntry& entry) {
      last = entry.id;
      return false;
    });
    if (!reached) return tl::unexpected(reached.error());
    after_.emplace_back(stream, last);
  }
  return {};
}

Result<std::vector<StreamEntry>> StreamBrowser::follow(const std::vector<std::string>& streams,
                                                       std::chrono::milliseconds block) {
  if (after_.empty()) {
    if (auto marked = mark(streams); !marked) return tl::unexpected(marked.error());
  }
  const auto answers = connection_.read({{"XREAD", "COUNT", "100"}, after_, block});
  if (!answers) return tl::unexpected(answers.error());

  std::vector<StreamEntry> all;
  for (std::size_t i = 0; i < after_.size(); ++i) {
    if (!(*answers)[i]) return tl::unexpected((*answers)[i].error());
    auto entries = entries_of(*(*answers)[i], after_[i].first);
    if (!entries) return entries;
    if (!entries->empty()) after_[i].second = entries->back().id;
    std::move(entries->begin(), entries->end(), std::back_inserter(all));
  }
  return all;
}

Result<std::uint64_t> StreamBrowser::length(const std::string& stream) {
  const auto reply = connection_.command({"XLEN", stream});
  if (!reply) return tl::unexpected(reply.error());
  return static_cast<std::uint64_t>(reply->integer);
}

}  // namespace weir::policy
