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
void merge(DetectSums& into, const DetectMore& more) {
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

const std::string& DetectRound::key_of(DetectorKind kind, std::string_view subject, std::string_view object,
                                       TimeNs slot) {
  key_.assign(1, static_cast<char>(kind));
  key_.append(subject).push_back('\0');
  key_.append(object);
  for (unsigned i = 0; i < sizeof slot; ++i) key_.push_back(static_cast<char>(slot >> 8U * i));
  return key_;
}

bool DetectRound::is_in_share(DetectorKind kind, std::string_view subject, std::string_view object,
                              TimeNs at) {
  newest_ = std::max(newest_, at);
  Share& share = shares_[static_cast<std::size_t>(kind)];
  if (share.halvings == 0) return true;
  if (newest_ >= share.until) {
    --share.halvings;
    share.until = newest_ + share.width;
  }
  const std::uint64_t day = static_cast<std::uint64_t>(at / kDay);
  const std::uint64_t hash = hash_of(object, hash_of(subject, kHashBasis + day));
  const std::uint64_t drawn = (hash ^ hash >> 32U) * 0x9e37'79b9'7f4a'7c15 >> (64U - kDetectHalvingsMax);
  return (drawn & ((1U << share.halvings) - 1U)) == 0;
}

void DetectRound::halve(DetectorKind kind, TimeNs width) {
  Share& share = shares_[static_cast<std::size_t>(kind)];
  share.halvings = std::min(share.halvings + 1, kDetectHalvingsMax);
  share.width = width;
  share.until = newest_ + width;
}

void DetectRound::count(DetectorKind kind, std::string_view subject, std::string_view object, WindowForm form,
                        TimeNs at, const DetectMore& more) {
  if (!is_in_share(kind, subject, object, at)) {
    ++left_out_;
    return;
  }
  const TimeNs step = form.overlap ? form.width / 2 : form.width;
  const TimeNs slot = at / step * step;
  const std::string& key = key_of(kind, subject, object, slot);
  auto place = counted_at_.find(key);  // mostly there: a key is copied only when it is new
  if (place == counted_at_.end()) {
    if (counted_.size() >= kDetectRoundMax) {
      ++left_out_;
      return;
    }
    place = counted_at_.emplace(key, counted_.size()).first;
    counted_.push_back({kind, std::string{subject}, std::string{object}, form, slot, at, {}});
    counted_.back().sums.first = at;
  }
  Counted& into = counted_[place->second];
  into.at = std::max(into.at, at);
  into.sums.first = std::min(into.sums.first, at);
  merge(into.sums, more);
}

void DetectRound::note(Noted noted) {
  const std::string& key = key_of(noted.kind, noted.subject, noted.object, noted.period);
  if (const auto place = noted_at_.find(key); place != noted_at_.end()) {
    Noted& into = noted_[place->second];
    merge(into.more, more_of(noted.more));
    into.renew = into.renew || noted.renew;
    into.at = std::min(into.at, noted.at);
    return;
  }
  if (noted_.size() >= kDetectRoundMax) {
    ++left_out_;
    return;
  }
  noted_at_.emplace(key, noted_.size());
  noted_.push_back(std::move(noted));
}

bool DetectRound::seen(DetectorKind kind, std::string_view subject, std::string_view object,
                       std::int64_t period) {
  if (seen_.size() >= kKnownCacheMax) seen_.clear();
  const std::hash<std::string_view> hash_text;  // of this process, and several times as fast as FNV
  constexpr std::uint64_t kOdd = 0x9e37'79b9'7f4a'7c15;
  std::uint64_t hash = hash_text(subject) + static_cast<std::uint64_t>(kind) * kOdd;
  hash = (hash ^ hash >> 29U) * kOdd + hash_text(object);
  hash = (hash ^ hash >> 29U) * kOdd + static_cast<std::uint64_t>(period);
  if (!seen_.insert(hash).second) return true;
  seen_now_.push_back(hash);
  return false;
}

void DetectRound::forget() {
  for (const std::uint64_t hash : seen_now_) seen_.erase(hash);
  clear();
}

void DetectRound::clear() {
  seen_now_.clear();
  counted_.clear();
  noted_.clear();
  counted_at_.clear();
  noted_at_.clear();
  left_out_ = 0;
}

}  // namespace weir::policy
