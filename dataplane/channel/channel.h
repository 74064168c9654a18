// SPDX-License-Identifier: Apache-2.0
// The inspection channel: one shared memory file (sealed memfd) with two single-producer single-consumer
// rings of fixed records, one per direction, and two wake sockets for a sleeping reader (not eventfds, see
// the README). The data plane creates it for each classifier that attaches and never reuses it: a dead
// classifier's channel dies with it.
//
// Neither side trusts the other: sizes and masks live in private memory, indices read from the shared memory
// are checked against what is possible, records are copied out before they are looked at. What fails a check
// marks the channel corrupt (`ok()` turns false for good) and the owner detaches; it is never an assertion.
//
// Threads: one thread uses the DataplaneEnd, one thread in another process uses the ClassifierEnd.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "dataplane/channel/messages.h"
#include "policy/model/byte_reader.h"
#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::channel {

inline constexpr std::uint32_t kRingRecordsMin = 16;
inline constexpr std::uint32_t kRingRecordsMax = 1U << 20U;

/// What a new channel looks like; both powers of two within the limits above.
struct ChannelShape {
  std::uint32_t requests = 4'096;
  std::uint32_t answers = 8'192;
  std::uint32_t slots = 65'536;  // flow slots of the worker: slot < slots
  std::uint32_t worker = 0;
  std::uint64_t boot = 0;  // random, of this data plane: within it the numbers of flows are; 0: of none
};

/// What is handed over a Unix socket with SCM_RIGHTS.
struct ChannelFds {
  int memory = -1;
  int request_event = -1;  // socket on which the classifier is woken
  int answer_event = -1;   // socket with which the classifier wakes the data plane
};

class DataplaneEnd {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DataplaneEnd>> create(const ChannelShape& shape);
  ~DataplaneEnd();
  DataplaneEnd(const DataplaneEnd&) = delete;
  DataplaneEnd& operator=(const DataplaneEnd&) = delete;

  /// Each returns false when the ring has no room (nothing is written then).
  [[nodiscard]] bool try_open(FlowRef flow, const FlowOpened& opened, TimeNs now) noexcept;
  [[nodiscard]] bool try_packet(FlowRef flow, const PacketHead& head, Bytes from_l3, TimeNs now) noexcept;
  [[nodiscard]] bool try_close(FlowRef flow, const FlowClosed& closed, TimeNs now) noexcept;
  /// Makes what was written visible and wakes a sleeping classifier. Once per burst.
  void publish() noexcept;

  /// Copies at most `out.size()` answers out; validated for shape (type, action, direction, slot < slots,
  /// the records of a payload), not for generation, which the flow table checks. A kInject is the last one
  /// of a call; its payload is `inject_payload` until the next call.
  [[nodiscard]] std::size_t drain(std::span<Answer> out) noexcept;
  [[nodiscard]] Bytes inject_payload() const noexcept;

  /// Sleeps until an answer is there, the classifier has consumed everything, or the time is over (replay,
  /// idle).
  void wait(int timeout_ms) noexcept;

  /// True when the classifier has worked off every published request (used by the replay's lockstep).
  [[nodiscard]] bool all_consumed() noexcept;
  [[nodiscard]] std::uint32_t requests_waiting() noexcept;
  /// The flow of the request that the classifier took and did not finish; empty: it was idle, or ended in
  /// order. Look the flow up: a classifier can write there.
  [[nodiscard]] std::optional<FlowRef> unfinished() noexcept;
  [[nodiscard]] bool ok() const noexcept;
  [[nodiscard]] ChannelFds fds() const noexcept;  // still owned by this end
  [[nodiscard]] const ChannelShape& shape() const noexcept;

 private:
  DataplaneEnd();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One request, copied into the reader's private memory; valid until the next call of `next`.
struct Request {
  RequestType type{};
  FlowRef flow;
  TimeNs time = 0;
  FlowOpened opened;  // kFlowOpened
  FlowClosed closed;  // kFlowClosed
  PacketHead head;    // kPacket; offsets and lengths are checked: l4_offset <= payload_offset <=
  Bytes packet;  // packet.size() == head.packet_bytes, payload_offset + payload_bytes <= packet.size() or cut
};

class ClassifierEnd {
 public:
  /// Takes ownership of the descriptors. Refuses a memory file whose header, size or seals are wrong.
  [[nodiscard]] static Result<std::unique_ptr<ClassifierEnd>> attach(ChannelFds fds);
  ~ClassifierEnd();
  ClassifierEnd(const ClassifierEnd&) = delete;
  ClassifierEnd& operator=(const ClassifierEnd&) = delete;

  /// The next request, or nullptr when there is none now. A request counts as consumed (all_consumed) only
  /// when the following `next` or `wait` is called, after its answers were pushed.
  [[nodiscard]] const Request* next() noexcept;
  /// False when the ring is full: keep the answer and try again after the next requests.
  [[nodiscard]] bool try_answer(const Answer& answer) noexcept;
  /// As try_answer for a kInject (`payload_bytes` is set here) with its payload. Also false for a payload
  /// that is empty or longer than kInjectBytesMax, and for ever where the ring is shorter than
  /// inject_records.
  [[nodiscard]] bool try_inject(const Answer& answer, Bytes payload) noexcept;
  /// Sleeps until a request is there, `hangup_fd` (the attach socket) is readable, or the time is over.
  /// Returns false when the peer hung up and nothing is left to read, or when the channel is not ok().
  [[nodiscard]] bool wait(int hangup_fd, int timeout_ms) noexcept;

  [[nodiscard]] bool ok() const noexcept;
  [[nodiscard]] const ChannelShape& shape() const noexcept;

 private:
  ClassifierEnd();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The attach handshake over a Unix stream socket: the data plane listens, accepts and sends; the classifier
/// connects and receives. One datagram-sized message with the three descriptors.
[[nodiscard]] Result<int> listen_for_classifier(
    const std::string& path);  // a non-blocking listening socket, 0660
[[nodiscard]] Result<void> send_channel(int connection, const ChannelFds& fds);
struct Attachment {
  int connection = -1;  // stays open as the sign of life; its hang-up means that the data plane is gone
  ChannelFds fds;
};
[[nodiscard]] Result<Attachment> connect_to_dataplane(const std::string& path);

}  // namespace weir::channel
