// SPDX-License-Identifier: Apache-2.0
// What new-country and new-network share: a client talks to a place to which it did not before.
#pragma once

#include "policy/detect/detector.h"

namespace weir::policy {

class NewPlace : public Detector {
 public:
  using Detector::Detector;
  void see(const Sight& sight, DetectRound& round) const override;
  [[nodiscard]] Result<std::vector<Alarm>> know(const Noted& noted, DetectStore& store,
                                                DetectRound& round) const override;

 protected:
  /// Empty: not known.
  [[nodiscard]] virtual std::string place_of(const event::FlowEvent& event) const = 0;
};

}  // namespace weir::policy
