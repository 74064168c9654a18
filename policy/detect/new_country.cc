// SPDX-License-Identifier: Apache-2.0
// new-country: a client talks to a country to which it did not before.
// Evidence: the first flow, its host and its bytes.
#include "policy/detect/new_place.h"

namespace weir::policy {
namespace {

class NewCountry : public NewPlace {
 public:
  using NewPlace::NewPlace;

 private:
  [[nodiscard]] std::string place_of(const event::FlowEvent& event) const override { return event.country(); }
};

}  // namespace

DetectorPtr make_new_country(DetectorSettings settings, const DetectContext& context) {
  return std::make_unique<NewCountry>(std::move(settings), context);
}

}  // namespace weir::policy
