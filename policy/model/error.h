// SPDX-License-Identifier: Apache-2.0
// How Weir says that something went wrong, on every control path. No exceptions cross a function that
// returns Result; libraries that throw are caught in the adapter that calls them.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace weir {

enum class ErrorCode : std::uint8_t {
  kInvalid,      // the caller's input is wrong (a policy, a configuration, an argument)
  kNotFound,     // what was named does not exist
  kUnavailable,  // a peer (Redis, data plane, classifier, store) does not answer
  kBusy,         // somebody else is at it; the same call may work later
  kLimit,        // a named limit was reached
  kSystem,       // the operating system refused
  kCorrupt,      // bytes that should have been ours are damaged
};

/// A place in a text a person wrote. Line and column count from 1; 0 means "not known".
struct SourceMark {
  std::string file;
  int line = 0;
  int column = 0;
};

struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string what;    // one sentence without a full stop
  std::string advice;  // what to write or do instead; may be empty
  SourceMark at;       // empty file: not about a text
};

/// `file:line:column: error: what (advice)`, or `error: what (advice)` without a place.
[[nodiscard]] std::string to_text(const Error& error);

template <typename T>
using Result = tl::expected<T, Error>;

/// All mistakes of one text at once.
template <typename T>
using ResultAll = tl::expected<T, std::vector<Error>>;

[[nodiscard]] inline tl::unexpected<Error> failure(ErrorCode code, std::string what,
                                                   std::string advice = {}) {
  return tl::unexpected<Error>(Error{code, std::move(what), std::move(advice), {}});
}

}  // namespace weir
