// SPDX-License-Identifier: Apache-2.0
// The application label of a flow, as nDPI 4.2 gives it. The only includer of nDPI is ndpi_labeler.cc, so a
// newer library is one file's change. nDPI reads hostile bytes with known memory errors, therefore:
//   - it is shown a private copy of each packet, cut to kNdpiPacketBytesMax with the IP lengths rewritten to
//   match;
//   - a packet without payload is never shown, a DTLS datagram is cut before a Certificate record;
//   - a TLS flow ends after kNdpiTlsServerBytesMax bytes of the server, any flow after `packets_max` packets;
//   - only printable copies of its strings leave this class, and a flow's state is wiped when the label is
//   final.
// It names no host for blocking: nDPI keeps only the last 79 bytes of a name.
//
// Threads: one labeler, its flows and its caller share one thread (nDPI 4.2 keeps packet state in the
// module).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/channel/messages.h"
#include "policy/model/byte_reader.h"
#include "policy/model/error.h"
#include "policy/model/flow_facts.h"
#include "policy/model/time.h"

namespace weir::classifier {

inline constexpr std::size_t kNdpiPacketBytesMax = 1'600;
inline constexpr std::uint32_t kNdpiTlsServerBytesMax = 8'192;
/// With kNdpiPacketBytesMax this keeps what nDPI can join of one flow under 64 KiB, where its 16-bit indices
/// wrap.
inline constexpr std::uint32_t kNdpiPacketsMax = 40;
inline constexpr std::size_t kNdpiPoolFlowsMax = 4'096;  // wiped flow states kept for reuse

struct NdpiLimits {
  std::uint32_t packets_max = 32;  // payload packets of one flow, at most kNdpiPacketsMax
  bool guard_pages = false;        // QA: a read past a packet's copy ends the process instead of going unseen
  /// nDPI's names, separated by blanks: "all", "all -TINC -Florensia" or those that run, "TLS HTTP".
  std::string dissectors = "all";
};

struct NdpiLabel {
  std::string master = "Unknown";  // e.g. "TLS"
  std::string app;                 // e.g. "YouTube"; empty where nDPI names one protocol only
  AppConfidence confidence = AppConfidence::kUnknown;
  bool final = false;  // nothing more will be said
  bool operator==(const NdpiLabel&) const = default;
};

/// One packet from its L3 header on, with the places the data plane found (dataplane/channel/messages.h).
struct NdpiPacket {
  Bytes from_l3;
  std::uint16_t l4_offset = 0;
  std::uint16_t payload_offset = 0;
  std::uint16_t payload_bytes = 0;
  std::uint8_t protocol = 0;  // IANA number
  std::uint8_t tcp_flags = 0;
  channel::Direction direction{};
};

class NdpiLabeler {
  struct Impl;

 public:
  /// What nDPI knows of one flow; empty until the first packet and again once the label is final.
  class Flow {
   public:
    Flow() = default;
    ~Flow();
    Flow(Flow&& other) noexcept;
    Flow& operator=(Flow&& other) noexcept;
    [[nodiscard]] bool active() const { return state_ != nullptr; }
    /// The host name nDPI saw, printable and whole; empty when it may be cut. For display and QUIC only.
    [[nodiscard]] const std::string& host() const { return host_; }

   private:
    friend class NdpiLabeler;
    std::shared_ptr<Impl> owner_;
    void* state_ = nullptr;
    std::string host_;
    std::uint32_t packets_ = 0;
    std::uint32_t server_bytes_ = 0;
    bool tls_ = false;
  };

  /// kInvalid: nDPI has no dissector of a name.
  [[nodiscard]] static Result<std::unique_ptr<NdpiLabeler>> create(const NdpiLimits& limits);

  /// What nDPI would come to for a flow whose name Weir's parsers read (TLS, QUIC or DNS), by nDPI's own
  /// table of host names and without showing it a packet. Empty: more than the name decides, show it the
  /// packets.
  [[nodiscard]] std::optional<NdpiLabel> label_of_name(const FlowFacts& facts) const;
  /// Shows nDPI one packet and says what it thinks by now. Not called again for a flow whose label is final.
  [[nodiscard]] NdpiLabel feed(Flow& flow, const NdpiPacket& packet, TimeNs time);
  /// The last word on a TCP connection over which nothing was said: a guess from ports and addresses.
  [[nodiscard]] NdpiLabel guess(const FiveTuple& tuple);
  /// The last word on a flow: what was found, or a guess from ports and addresses. Wipes the state.
  [[nodiscard]] NdpiLabel finish(Flow& flow);
  [[nodiscard]] std::size_t flows_active() const;

 private:
  explicit NdpiLabeler(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace weir::classifier
