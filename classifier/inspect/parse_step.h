// SPDX-License-Identifier: Apache-2.0
// What every stream parser answers to the bytes it is given. A parser keeps what it needs of consumed bytes
// in buffers of its own, each with a named limit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::classifier {

enum class Outcome : std::uint8_t {
  kMore,     // every byte given was consumed; nothing to say yet
  kName,     // the facts changed: judge them before more is read; bytes may be left
  kError,    // the bytes break the protocol they claim beyond what servers accept
  kLimit,    // a named limit was reached before a name
  kNamed,    // like kName, and no other name is expected: what comes now is for the report
  kFinal,    // nothing more will come from this flow
  kIgnore,   // nothing more is needed of this direction
  kRestart,  // the next byte of both directions begins a new conversation (a tunnel)
  kHttp2,    // the next byte of both directions begins HTTP/2 (an upgrade)
  kTls,      // the next byte of both directions must begin TLS (STARTTLS)
};

struct ParseStep {
  std::size_t consumed = 0;
  Outcome outcome = Outcome::kMore;
  bool changed = false;    // facts changed, nothing that must be judged before the packet goes
  bool again = false;      // after kName: there is more to say even without further bytes
  std::uint64_t skip = 0;  // stream bytes after the consumed ones that are not needed
  bool answered = false;   // facts.dns is the answer to a question of this flow
};

/// Bodies shorter than this are read through; a longer rest is skipped.
inline constexpr std::uint64_t kSkipBytesMin = 4'096;
/// At most this much at a time, so that sequence arithmetic stays unambiguous.
inline constexpr std::uint64_t kSkipBytesMax = std::uint64_t{1} << 30U;

/// Takes from a body of `left` bytes what `available` offers, and asks to skip a long rest.
[[nodiscard]] inline ParseStep take_body(std::uint64_t& left, std::size_t available, bool may_skip = true) {
  ParseStep step;
  step.consumed = left < available ? left : available;
  left -= step.consumed;
  if (may_skip && left >= kSkipBytesMin) {
    step.skip = left < kSkipBytesMax ? left : kSkipBytesMax;
    left -= step.skip;
  }
  return step;
}

}  // namespace weir::classifier
