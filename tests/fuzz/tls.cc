// SPDX-License-Identifier: Apache-2.0
// The client's side of TLS: whole and in pieces (of the last byte's size) the bytes must mean the same.
#include <cstdint>
#include <cstdlib>

#include "classifier/inspect/tls_session.h"

namespace {

using weir::classifier::Outcome;

// Two hellos' worth: the one being read, and the ECH of the first.
constexpr std::size_t kHeldMax = 3 * weir::classifier::kClientHelloBytesMax;

Outcome parse(weir::Bytes bytes, std::size_t piece, weir::FlowFacts& facts) {
  weir::classifier::TlsSession session;
  while (!bytes.empty()) {
    weir::Bytes part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    while (!part.empty()) {
      const weir::classifier::ParseStep step = session.from_client(part, facts);
      if (session.bytes_held() > kHeldMax) std::abort();
      const bool goes_on =
          step.outcome == Outcome::kMore || step.outcome == Outcome::kName || step.outcome == Outcome::kNamed;
      if (!goes_on) return step.outcome;
      if (step.consumed == 0 || (step.outcome == Outcome::kMore && step.consumed != part.size()))
        std::abort();
      part = part.subspan(step.consumed);
    }
  }
  return Outcome::kMore;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Bytes bytes{data, size};
  if (bytes.empty()) return 0;
  weir::FlowFacts whole;
  weir::FlowFacts pieces;
  const Outcome first = parse(bytes, size, whole);
  const Outcome second = parse(bytes, 1U + bytes.back() % 64U, pieces);
  if (first != second) std::abort();
  const auto same = [&](const weir::TlsFacts& a, const weir::TlsFacts& b) {
    return whole.host == pieces.host && a.alpn == b.alpn && a.ja3 == b.ja3 && a.ja4 == b.ja4 &&
           a.ech == b.ech;
  };
  if (first != Outcome::kError && !same(whole.tls, pieces.tls)) std::abort();
  if (!whole.tls.ja4.empty() && (whole.tls.ja4.size() != 36 || whole.tls.ja3.size() != 32)) std::abort();
  static_cast<void>(weir::classifier::ssl2_hello_version(bytes));
  return 0;
}
