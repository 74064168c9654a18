// SPDX-License-Identifier: Apache-2.0
#include "policy/store/records.h"

namespace weir::policy {

const char* to_string(SoftwareState state) {
  switch (state) {
    case SoftwareState::kUnknown:
      return "unknown";
    case SoftwareState::kAuthorised:
      return "authorised";
    case SoftwareState::kUnauthorised:
      return "unauthorised";
  }
  return "unknown";
}

}  // namespace weir::policy
