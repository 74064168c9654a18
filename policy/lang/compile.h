// SPDX-License-Identifier: Apache-2.0
// Policy text to Policy. All mistakes are reported at once, each with file, line, column and advice; on any
// mistake nothing is returned, so that whoever reloads keeps what is in force.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "policy/model/error.h"

namespace weir::policy {

class Policy;      // policy/lang/policy.h
struct Catalogue;  // policy/lang/catalogue.h
struct ExceptionsFile;

inline constexpr std::size_t kPolicyTextBytesMax = 1U << 20U;
inline constexpr int kPolicyDepthMax = 32;
inline constexpr std::size_t kAssertionsMax = 32;
inline constexpr std::size_t kAssertionEndsMax = 32;  // destinations times ports times protocols of one

struct CompileOptions {
  std::string file = "policy";           // what error messages call the text
  std::string directory = ".";           // where category lists named by a relative path are looked for
  std::uint32_t revision = 0;            // written into every decision
  const Catalogue* catalogue = nullptr;  // where given, a product that is not in it is a mistake
  const ResultAll<ExceptionsFile>* exceptions = nullptr;  // those kept beside the policy; nullptr: none are
  std::vector<Error>* warnings = nullptr;  // where given, filled with those of a text without a mistake
};

[[nodiscard]] ResultAll<std::shared_ptr<const Policy>> compile(std::string_view text,
                                                               const CompileOptions& options);
/// `exceptions`: the file of those that are kept beside the policy in force; empty: none is read.
/// Reads the file (at most kPolicyTextBytesMax) and compiles it; lists are looked for beside it.
[[nodiscard]] ResultAll<std::shared_ptr<const Policy>> compile_file(const std::string& path,
                                                                    std::uint32_t revision,
                                                                    const Catalogue* catalogue = nullptr,
                                                                    const std::string& exceptions = {},
                                                                    std::vector<Error>* warnings = nullptr);

}  // namespace weir::policy
