// SPDX-License-Identifier: Apache-2.0
// Every fixed limit of the packet path. The sizes that an operator sets are in policy/model/settings.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/channel/messages.h"
#include "policy/model/time.h"

namespace weir::dataplane {

inline constexpr std::uint16_t kBatchMax = 64;  // packets of one burst
inline constexpr std::size_t kPortsMax = 64;    // two for each pair
inline constexpr std::size_t kPairsMax = kPortsMax / 2;
inline constexpr std::uint16_t kSendQueueMax = 64;       // packets gathered for one port before they are sent
inline constexpr int kSendAttempts = 4;                  // until what the other port does not take is dropped
inline constexpr std::uint32_t kAnswersPerTurn = 512;    // answers taken from the channel in one turn
inline constexpr std::uint32_t kOverdueLooksMax = 256;   // parked packets looked at in one turn
inline constexpr std::uint32_t kExpiriesPerTurn = 64;    // idle flows ended in one turn
inline constexpr std::uint32_t kIcmpSendersMax = 4'096;  // flows whose last ICMP error has a known sender
inline constexpr std::uint32_t kClosesWaitingMax = 4'096;  // ends of flows that wait for room in the channel
inline constexpr std::uint32_t kSettleSlotsPerTurn = 2'048;  // slots looked at when a bypass begins
inline constexpr std::uint32_t kClosesPerTurn = 64;
/// A full flow table gives up one flow in this time for a newcomer, and some at once after it gave up none.
/// Ends of connections mostly cost less than those of datagrams, which the classifier was asked about.
inline constexpr TimeNs kEvictionForDatagramEvery = 20 * kMicrosecond;
inline constexpr TimeNs kEvictionForConnectionEvery = 2 * kMicrosecond;
inline constexpr std::uint32_t kEvictionsSavedMax = 64;
/// Live flows of one burst that ask again after a policy changed, while their old verdict lets them go on.
/// All of them at once would cost the packets behind them, and new flows their room in the channel.
inline constexpr std::uint32_t kAsksAgainPerBurst = 4;
inline constexpr std::uint32_t kFragmentsHeldPerDatagram =
    2;  // fragments that may be held, per memory.fragments
inline constexpr std::uint32_t kDatagramsPerLargeBuffer =
    8;  // memory.fragments for each buffer of the largest
inline constexpr std::uint32_t kFragmentExpiriesPerTurn = 64;    // datagrams given up in one turn
inline constexpr std::uint32_t kPacketsReserve = 2 * kBatchMax;  // free buffers below which none may wait
inline constexpr std::uint32_t kParkedPerFlowMax = 1'024;
// Flows that are judged at the same time, for each packet that may wait: those for which nothing waits give
// their place to others (Inspections).
inline constexpr std::uint32_t kInspectionsPerParked = 2;
inline constexpr std::uint32_t kResetsToldMax = 64;        // at packets of one direction of a flow
inline constexpr std::uint32_t kMetersMax = 4'096;         // rates that verdicts set; a client has one
inline constexpr std::uint32_t kLimitedFlowsMax = 65'536;  // flows that share them
// A full meter outlasts the least retransmission timeout of TCP (200 ms in Linux).
inline constexpr std::uint32_t kMeterBurstsPerSecond = 4;
inline constexpr std::uint32_t kMeterBurstBytesMin = 16'384;  // but more than the longest frame
inline constexpr std::uint32_t kVerdictUnitSeconds = 4;       // a verdict expires up to so much later
inline constexpr std::uint32_t kVerdictSecondsMax = 86'400;
// Packets, less one, that may be on their way from one worker to another: received for its hosts, and (for
// each port) to be sent by its queue.
inline constexpr std::uint32_t kHandoverSlots = 2'048;
inline constexpr std::uint32_t kHandoverRunsPerTurn = 4;  // bursts taken from each other worker in a turn
// TCP flows that Weir answered: until the answer is acknowledged, or to the end of a stream that goes on.
inline constexpr std::uint32_t kInjectionsMax = 1'024;
inline constexpr std::size_t kInjectionBytesMax =
    kInjectionsMax * channel::kInjectBytesMax;              // of payload, in all
inline constexpr std::size_t kInjectionHeadBytesMax = 192;  // from the Ethernet to the end of the TCP header
/// What a segment of ours offers: the receiver's peer says more with its next packet. Enough for a command or
/// a request, small where the connection scales windows up (RFC 7323 section 2).
inline constexpr std::uint16_t kInjectWindow = 8'192;
inline constexpr TimeNs kInjectionResendNs = 200 * kMillisecond;  // the first time; then twice as long each
inline constexpr std::uint8_t kInjectionAttemptsMax = 5;
inline constexpr std::uint32_t kResendsPerTurn = 16;
inline constexpr std::uint8_t kAnsweredRepliesMax =
    64;                                              // to packets of a flow that Weir ended with an answer
inline constexpr std::uint16_t kTunnelsMax = 4'096;  // tunnels whose inside is judged, for each worker
inline constexpr std::size_t kTunnelLooksMax = 64;   // indices looked at for one that nobody holds

}  // namespace weir::dataplane
