// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/tcp_state.h"

#include <array>
#include <cstddef>

namespace weir::dataplane {
namespace {

using channel::TcpState;

constexpr std::size_t kEvents = 6;
using Row = std::array<TcpState, kEvents>;

constexpr std::array<Row, 8> make_table() {
  using enum TcpState;
  return {{
      // kSyn        kSynAck       kAck          kFinFirst    kFinSecond  kRst
      {kSynSent, kSynReceived, kMidstream, kClosed, kClosed, kClosed},          // kNone
      {kSynSent, kSynReceived, kSynSent, kClosing, kClosing, kClosed},          // kSynSent
      {kSynReceived, kSynReceived, kEstablished, kFinWait, kClosing, kClosed},  // kSynReceived
      {kEstablished, kEstablished, kEstablished, kFinWait, kClosing, kClosed},  // kEstablished
      {kFinWait, kFinWait, kFinWait, kFinWait, kClosing, kClosed},              // kFinWait
      {kSynSent, kClosing, kClosed, kClosing, kClosing, kClosed},               // kClosing
      {kSynSent, kClosed, kClosed, kClosed, kClosed, kClosed},                  // kClosed
      {kMidstream, kSynReceived, kMidstream, kClosing, kClosing, kClosed},      // kMidstream
  }};
}
constexpr std::array<Row, 8> kTable = make_table();

}  // namespace

TcpState next_tcp_state(TcpState state, TcpEvent event) noexcept {
  return kTable[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
}

}  // namespace weir::dataplane
