// SPDX-License-Identifier: Apache-2.0
// What one round of events gave the detectors, added up in memory, so that the store is touched once for each
// thing counted. Bounded: what finds no place is counted.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "policy/detect/sight.h"
#include "policy/lang/detectors.h"
#include "policy/store/detect_store.h"

namespace weir::policy {

inline constexpr std::size_t kDetectRoundMax = 200'000;  // things counted or noted in one round
inline constexpr std::size_t kKnownCacheMax = 400'000;   // things that need not be noted again; then all anew

/// How often what a detector counts is halved at most; each time half of its subjects and objects go on.
inline constexpr unsigned kDetectHalvingsMax = 16;

/// Windows of the events' time that begin at whole multiples of their length, and between those another one
/// each, so that what happens within half a window is in one of them whole.
struct WindowForm {
  TimeNs width = 0;
  bool overlap = true;
};

/// What an event adds to DetectSums; its texts are another one's.
struct DetectMore {
  std::int64_t n = 0;
  std::int64_t a = 0;
  std::int64_t b = 0;
  std::int64_t c = 0;
  std::int64_t most = 0;
  std::string_view items{};
  std::string_view flows{};
};
[[nodiscard]] inline DetectMore more_of(const DetectSums& sums) {
  return {sums.n, sums.a, sums.b, sums.c, sums.most, sums.items, sums.flows};
}

struct Counted {
  DetectorKind kind{};
  std::string subject;
  std::string object;
  WindowForm form;
  TimeNs slot = 0;  // where half a window begins (without overlap: a window)
  TimeNs at = 0;    // the newest
  DetectSums sums;
};

/// Something that was there; `client` and `flow` are of the first event of the round that shows it.
struct Noted {
  DetectorKind kind{};
  std::string subject;  // of what is known
  std::string object;
  TimeNs at = 0;  // the first
  std::string client{};
  std::string flow{};
  std::string detail{};  // for the words of the violation
  DetectSums more{};     // of all events of the round
  bool renew = false;
  std::int64_t period = 0;  // things of different periods are noted apart
};

class DetectRound {
 public:
  /// `more.flows` is the flow of the event, or empty; an item that the round has for it already is added
  /// once.
  void count(DetectorKind kind, std::string_view subject, std::string_view object, WindowForm form, TimeNs at,
             const DetectMore& more);
  void note(Noted noted);
  /// Whether a thing was noted already, in this round or an earlier one, and need not be again until `period`
  /// is another: a day, or 0. It counts as noted from now on.
  [[nodiscard]] bool seen(DetectorKind kind, std::string_view subject, std::string_view object,
                          std::int64_t period = 0);
  /// The detector has more windows at once than the store keeps: from now on it counts half of the pairs of
  /// subject and object only, those whole. Which they are changes with the day. Undone step by step, one for
  /// each `width` of the events' time in which it is not said again. Engines do not agree on it: what each of
  /// them counts is counted right.
  void halve(DetectorKind kind, TimeNs width);
  /// Forgets the counts and notes; what was seen stays.
  void clear();
  /// The same, and what was seen since the last `clear` was not.
  void forget();

  [[nodiscard]] const std::vector<Counted>& counted() const { return counted_; }
  [[nodiscard]] const std::vector<Noted>& noted() const { return noted_; }
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
  [[nodiscard]] bool empty() const { return counted_.empty() && noted_.empty(); }

 private:
  struct Share {
    unsigned halvings = 0;
    TimeNs width = 0;
    TimeNs until = 0;  // of the events' time, then one less
  };
  [[nodiscard]] bool is_in_share(DetectorKind kind, std::string_view subject, std::string_view object,
                                 TimeNs at);
  /// The key of an entry, in key_.
  const std::string& key_of(DetectorKind kind, std::string_view subject, std::string_view object,
                            TimeNs slot);

  std::string key_;
  std::vector<Counted> counted_;
  std::vector<Noted> noted_;
  std::unordered_map<std::string, std::size_t> counted_at_;
  std::unordered_map<std::string, std::size_t> noted_at_;
  std::unordered_set<std::uint64_t> seen_;
  std::vector<std::uint64_t> seen_now_;  // in this round
  std::array<Share, kDetectors> shares_{};
  TimeNs newest_ = 0;  // time of an event that was counted, of all rounds
  std::uint64_t left_out_ = 0;
};

/// A short name for a text: 8 hex digits of a hash.
[[nodiscard]] std::string short_hash(std::string_view text);
/// How many different ones there are.
[[nodiscard]] std::vector<std::string_view> different_items(std::string_view items);

}  // namespace weir::policy
