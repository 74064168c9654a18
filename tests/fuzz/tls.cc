// SPDX-License-Identifier: Apache-2.0
// TLS ClientHello: whole and in pieces (of the first byte's size) the bytes must mean the same.
#include <cstdint>
#include <cstdlib>

#include "classifier/inspect/tls_client_hello.h"

namespace {

using weir::classifier::Outcome;

Outcome parse(weir::Bytes bytes, std::size_t piece, weir::FlowFacts& facts) {
  weir::classifier::TlsClientHello parser;
  while (!bytes.empty()) {
    const weir::Bytes part = bytes.first(std::min(piece, bytes.size()));
    const weir::classifier::ParseStep step = parser.from_client(part, facts);
    if (parser.bytes_held() > weir::classifier::kClientHelloBytesMax) std::abort();
    if (step.outcome != Outcome::kMore && step.outcome != Outcome::kName) return step.outcome;
    if (step.consumed != part.size()) std::abort();
    bytes = bytes.subspan(part.size());
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
  if (first == Outcome::kFinal && (whole.host != pieces.host || whole.tls.alpn != pieces.tls.alpn))
    std::abort();
  static_cast<void>(weir::classifier::ssl2_hello_version(bytes));
  return 0;
}
