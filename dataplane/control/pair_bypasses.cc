// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/pair_bypasses.h"

#include <spdlog/spdlog.h>

#include "dataplane/bypass/nic_bypass.h"

namespace weir::dataplane {

PairBypasses::PairBypasses(const Settings& settings) : settings_(settings) {
  for (const PairSettings& pair : settings.pairs)
    pairs_.push_back({.bypass = make_bypass(pair), .trouble = {}});
}

PairBypasses::~PairBypasses() {
  if (!released_) return;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const PairSettings& pair = settings_.pairs[i];
    if (!pair.fail_open || !pairs_[i].trouble.empty()) continue;
    if (auto engaged = pairs_[i].bypass->engage(); !engaged) {
      spdlog::error("bypass-failed pair={} bypass=\"{}\" error=\"{}\"", pair.name, pairs_[i].bypass->name(),
                    to_text(engaged.error()));
    } else {
      spdlog::warn("bypass-engaged pair={} bypass=\"{}\" why=end", pair.name, pairs_[i].bypass->name());
    }
  }
}

Result<void> PairBypasses::release() {
  released_ = true;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const PairSettings& pair = settings_.pairs[i];
    Pair& mine = pairs_[i];
    if (const auto state = mine.bypass->state()) mine.passed_before = *state != BypassState::kOff;
    if (auto released = mine.bypass->release(); !released) {
      // Only what stands beside Weir forwards twice; a bridge under XDP merely does not help when Weir dies.
      const auto state = mine.bypass->state();
      if (!state || *state == BypassState::kEngaged || released.error().code == ErrorCode::kInvalid) {
        return tl::unexpected(released.error());
      }
      mine.trouble = to_text(released.error());
    }
    if (mine.trouble.empty() && pair.fail_open && mine.bypass->name() == "none") {
      mine.trouble = "fail: open, but there is no way round Weir for these ports";
    }
    if (!mine.trouble.empty()) spdlog::warn("bypass-trouble pair={} error=\"{}\"", pair.name, mine.trouble);
  }
  return {};
}

void PairBypasses::use_cards() {
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const PairSettings& pair = settings_.pairs[i];
    if (pair.bypass != BypassKind::kNic && pair.bypass != BypassKind::kAuto) continue;
    auto card = make_nic_bypass(pair);
    auto armed = card ? (*card)->release() : tl::unexpected(card.error());
    if (armed) {
      pairs_[i].bypass = std::move(*card);
      pairs_[i].trouble.clear();
    } else if (pair.bypass == BypassKind::kNic) {
      pairs_[i].trouble = to_text(armed.error());
      spdlog::error("bypass-trouble pair={} error=\"{}\"", pair.name, pairs_[i].trouble);
    }
  }
}

void PairBypasses::feed() {
  for (const Pair& pair : pairs_) pair.bypass->feed();
}

}  // namespace weir::dataplane
