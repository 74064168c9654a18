// SPDX-License-Identifier: Apache-2.0
// What product-gone and updates-overdue share: something was seen of a client, and then not on so many days
// on which the client was there. Days are counted by the client, not by the calendar: nobody is late for
// having been on holiday.
#pragma once

#include "policy/detect/detector.h"

namespace weir::policy {

class LastContact : public Detector {
 public:
  using Detector::Detector;
  [[nodiscard]] Result<std::vector<Alarm>> know(const Noted& noted, DetectStore& store,
                                                DetectRound& round) const override;

 protected:
  /// The client was there that day.
  void client_was_there(const Sight& sight, DetectRound& round) const;
  /// `renew`: this is the contact; else the first one begins the days.
  void product_was_seen(const Sight& sight, const std::string& product, bool renew, DetectRound& round) const;
  [[nodiscard]] virtual std::string words(const std::string& product, std::int64_t days) const = 0;
  [[nodiscard]] bool watches(std::string_view product) const;
};

}  // namespace weir::policy
