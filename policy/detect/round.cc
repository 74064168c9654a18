// SPDX-License-Identifier: Apache-2.0
#include "policy/detect/round.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace weir::policy {
namespace {

constexpr std::uint64_t kHashBasis = 0xcbf2'9ce4'8422'2325;

/// FNV-1a: the same on every machine, as what is stored must be.
std::uint64_t hash_of(std::string_view text, std::uint64_t from = kHashBasis) {
  std::uint64_t hash = from;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3;
  return hash;
}

/// All but the earliest time.
void merge(DetectSums& into, const DetectSums& more) {
  into.n += more.n;
  into.a += more.a;
  into.b += more.b;
  into.c += more.c;
  into.most = std::max(into.most, more.most);
  each_item(more.items, [&](std::string_view item) { add_item(into.items, item, kWindowItemsBytesMax); });
  each_item(more.flows, [&](std::string_view flow) { add_item(into.flows, flow, kWindowFlowsBytesMax); });
}

}  // namespace

std::string short_hash(std::string_view text) {
  const std::uint64_t hash = hash_of(text);
  return fmt::format("{:08x}", static_cast<std::uint32_t>(hash ^ hash >> 32U));
}

std::vector<std::string_view> different_items(std::string_view items) {
  std::vector<std::string_view> all;
  each_item(items, [&](std::string_view item) { all.push_back(item); });
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::string DetectRound::key_of(DetectorKind kind, std::string_view subject, std::string_view object,
                                TimeNs slot) {
  std::string key;
  key.reserve(subject.size() + object.size() + 2 + sizeof slot);
  key.push_back(static_cast<char>(kind));
  key.append(subject).push_back('\0');
  key.append(object);
  for (unsigned i = 0; i < sizeof slot; ++i) key.push_back(static_cast<char>(slot >> 8U * i));
  return key;
}

void DetectRound::count(DetectorKind kind, std::string subject, std::string object, WindowForm form,
                        TimeNs at, DetectSums more) {
  const TimeNs step = form.overlap ? form.width / 2 : form.width;
  const TimeNs slot = at / step * step;
  const auto [place, fresh] = counted_at_.try_emplace(key_of(kind, subject, object, slot), counted_.size());
  if (fresh) {
    if (counted_.size() >= kDetectRoundMax) {
      counted_at_.erase(place);
      ++left_out_;
      return;
    }
    counted_.push_back({kind, std::move(subject), std::move(object), form, slot, at, {}});
    counted_.back().sums.first = at;
  }
  Counted& into = counted_[place->second];
  into.at = std::max(into.at, at);
  into.sums.first = std::min(into.sums.first, at);
  merge(into.sums, more);
}

void DetectRound::note(Noted noted) {
  const auto [place, fresh] =
      noted_at_.try_emplace(key_of(noted.kind, noted.subject, noted.object, noted.period), noted_.size());
  if (!fresh) {
    Noted& into = noted_[place->second];
    merge(into.more, noted.more);
    into.renew = into.renew || noted.renew;
    into.at = std::min(into.at, noted.at);
    return;
  }
  if (noted_.size() >= kDetectRoundMax) {
    noted_at_.erase(place);
    ++left_out_;
    return;
  }
  noted_.push_back(std::move(noted));
}

bool DetectRound::seen(DetectorKind kind, std::string_view subject, std::string_view object,
                       std::int64_t period) {
  if (seen_.size() >= kKnownCacheMax) seen_.clear();
  std::uint64_t hash = hash_of(subject, kHashBasis + static_cast<std::uint64_t>(kind));
  hash = hash_of(object, hash + static_cast<std::uint64_t>(period) * 0x9e37'79b9'7f4a'7c15);
  return !seen_.insert(hash).second;
}

void DetectRound::clear() {
  counted_.clear();
  noted_.clear();
  counted_at_.clear();
  noted_at_.clear();
  left_out_ = 0;
}

}  // namespace weir::policy
