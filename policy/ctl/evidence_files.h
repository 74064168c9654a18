// SPDX-License-Identifier: Apache-2.0
// What goes into the bundle of a violation: everything its verdict stood on, as far as it is still there, and
// in words what is not.
#pragma once

#include "policy/ctl/context.h"
#include "policy/evidence/bundle.h"

namespace weir::ctl {

// Of the files that the policy names; what is beyond is left out, with its hash.
inline constexpr std::size_t kPolicyFileBytesMax = 64U << 20U;
inline constexpr std::size_t kPolicyBytesMax = 192U << 20U;
inline constexpr std::size_t kPolicyFilesMax = 500;

// Names in a bundle.
inline constexpr const char* kPolicyInBundle = "policy/policy.yaml";
inline constexpr const char* kSettingsInBundle = "settings.yaml";

struct Evidence {
  evidence::Json about;  // for the manifest
  evidence::Files files;
};

/// kLimit: its files have more than `bytes_max` bytes together.
[[nodiscard]] Result<Evidence> gather_evidence(const Settings& settings, policy::Store& store,
                                               const policy::Violation& violation, std::size_t bytes_max);
/// Whether this process may read the data plane's capture files; also where there are none.
[[nodiscard]] bool may_read_captures(const Settings& settings);

}  // namespace weir::ctl
