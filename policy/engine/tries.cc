// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/tries.h"

#include <algorithm>
#include <functional>
#include <limits>

namespace weir::policy {
namespace {

/// Names the entry at its last try, in the engine's state.
constexpr const char* kLastTry = "last_try";

/// FNV-1a, without the sign: two entries are hardly ever tried for the last time one after the other.
std::int64_t mark_of(const StreamEntry& entry) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char c : entry.stream + " " + entry.id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  }
  return static_cast<std::int64_t>(hash >> 1U);
}

}  // namespace

Result<void> Tries::add(std::vector<StreamEntry> again) {
  for (StreamEntry& entry : again) {
    const auto reply = connection_.command({"XPENDING", entry.stream, group_, entry.id, entry.id, "1"});
    if (!reply) return tl::unexpected(reply.error());
    std::uint32_t times = 1;
    if (reply->items.size() == 1 && reply->items[0].items.size() == 4) {
      times = static_cast<std::uint32_t>(
          std::clamp<std::int64_t>(reply->items[0].items[3].integer, 1, UINT32_MAX));
    }
    waiting_.push_back({std::move(entry), times});
  }
  return {};
}

Result<Tries::Next> Tries::next(Store& store) {
  Next next;
  last_try_ = false;
  while (!waiting_.empty()) {
    const std::uint32_t times = waiting_.front().entry.gone ? 1 : waiting_.front().times;
    const bool alone = times > kTriesTogether;
    if (alone && !next.entries.empty()) break;
    next.entries.push_back(std::move(waiting_.front().entry));
    waiting_.pop_front();
    if (!alone) continue;
    if (times < kTriesMax) break;
    const auto failed = last_try_failed(store, next.entries.front());
    if (!failed) return tl::unexpected(failed.error());
    next.given_up = *failed;
    break;
  }
  return next;
}

/// True: an engine said before that it tries this one for the last time. Else this one says so.
Result<bool> Tries::last_try_failed(Store& store, const StreamEntry& entry) {
  const auto state = store.engine_state();
  if (!state) return tl::unexpected(state.error());
  const std::int64_t mark = mark_of(entry);
  const auto said = state->find(kLastTry);
  if (said != state->end() && said->second == mark) return true;
  auto batch = store.begin();
  if (!batch) return tl::unexpected(batch.error());
  if (auto set = batch->set(kLastTry, mark); !set) return tl::unexpected(set.error());
  if (auto committed = batch->commit(); !committed) return tl::unexpected(committed.error());
  last_try_ = true;
  return false;
}

Result<void> Tries::done(Batch& batch) {
  if (!std::exchange(last_try_, false)) return {};
  return batch.set(kLastTry, 0);
}

}  // namespace weir::policy
