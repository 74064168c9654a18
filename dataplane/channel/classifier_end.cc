// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "dataplane/channel/channel.h"
#include "dataplane/channel/memory.h"
#include "dataplane/channel/ring.h"

namespace weir::channel {

struct ClassifierEnd::Impl {
  Impl(Mapping mapped, int request_fd, int answer_fd) noexcept
      : mapping(std::move(mapped)),
        request_wake(request_fd),
        answer_wake(answer_fd),
        requests(mapping.request_indices(), mapping.requests(), mapping.shape().requests,
                 kRequestRecordBytes),
        answers(mapping.answer_indices(), mapping.answers(), mapping.shape().answers, kAnswerRecordBytes) {}

  Mapping mapping;
  Fd request_wake;
  Fd answer_wake;
  RingReader requests;
  RingWriter answers;
  Request request;
  std::array<std::uint8_t, kPacketBytesMax> packet{};

  [[nodiscard]] bool ok() const noexcept { return requests.ok() && answers.ok(); }

  /// The header of the record `ahead`; false when it is none that may stand there.
  bool read_header(std::uint32_t ahead, RequestHeader& header) noexcept {
    copy_shared(&header, requests.record(ahead), sizeof(header));
    return header.body_bytes <= kRequestBodyBytes && header.flow.slot < mapping.shape().slots;
  }
  template <typename Body>
  bool read_body(const RequestHeader& header, Body& body) noexcept {
    if (header.body_bytes != sizeof(Body)) return false;
    copy_shared(&body, requests.record(0) + sizeof(RequestHeader), sizeof(Body));
    return true;
  }
  static bool is_sane(const FlowOpened& flow) noexcept {
    return flow.level <= InspectedLevel::kBypass && flow.tunnel.type <= TunnelType::kTeredo;
  }
  bool read_closed(const RequestHeader& header) noexcept {
    return read_body(header, request.closed) && is_sane(request.closed.flow) &&
           request.closed.reason <= EndReason::kShutdown && request.closed.tcp_state <= TcpState::kMidstream;
  }
  bool read_packet(const RequestHeader& header, std::uint32_t available, std::uint32_t& records) noexcept;
  bool read_request(std::uint32_t available, std::uint32_t& records) noexcept;
};

bool ClassifierEnd::Impl::read_packet(const RequestHeader& first, std::uint32_t available,
                                      std::uint32_t& records) noexcept {
  PacketHead& head = request.head;
  if (first.body_bytes < sizeof(head)) return false;
  copy_shared(&head, requests.record(0) + sizeof(RequestHeader), sizeof(head));
  if (head.packet_bytes > kPacketBytesMax || head.direction > Direction::kFromResponder) return false;
  std::size_t at = std::min<std::size_t>(head.packet_bytes, kPacketBytesPerRecord);
  if (first.body_bytes != sizeof(head) + at) return false;
  copy_shared(packet.data(), requests.record(0) + sizeof(RequestHeader) + sizeof(head), at);
  for (records = 1; at < head.packet_bytes; ++records) {
    RequestHeader more;
    // The writer shows all records of a packet at once.
    if (records >= available || !read_header(records, more)) return false;
    const std::size_t body = std::min<std::size_t>(head.packet_bytes - at, kRequestBodyBytes);
    if (more.type != RequestType::kPacketMore || more.flow != first.flow || more.body_bytes != body)
      return false;
    copy_shared(packet.data() + at, requests.record(records) + sizeof(RequestHeader), body);
    at += body;
  }
  if (head.l4_offset > head.payload_offset || head.payload_offset > head.packet_bytes) return false;
  const auto left = static_cast<std::uint16_t>(head.packet_bytes - head.payload_offset);
  if (head.payload_bytes > left) {
    if (head.packet_bytes != kPacketBytesMax) return false;
    head.payload_bytes = left;  // a jumbo packet that was cut
  }
  request.packet = Bytes{packet.data(), head.packet_bytes};
  return true;
}

bool ClassifierEnd::Impl::read_request(std::uint32_t available, std::uint32_t& records) noexcept {
  RequestHeader header;
  if (!read_header(0, header)) return false;
  request.type = header.type;
  request.flow = header.flow;
  request.time = header.time_ns;
  request.packet = {};
  records = 1;
  switch (header.type) {
    case RequestType::kFlowOpened:
      return read_body(header, request.opened) && is_sane(request.opened);
    case RequestType::kFlowClosed:
      return read_closed(header);
    case RequestType::kPacket:
      return read_packet(header, available, records);
    case RequestType::kPacketMore:
      return false;  // without its kPacket
  }
  return false;
}

ClassifierEnd::ClassifierEnd() = default;
ClassifierEnd::~ClassifierEnd() {
  if (impl_ != nullptr) impl_->requests.release();  // it ends in order, not over a request
}

Result<std::unique_ptr<ClassifierEnd>> ClassifierEnd::attach(ChannelFds fds) {
  const Fd memory{fds.memory};  // the mapping keeps the file
  Fd request_wake{fds.request_event};
  Fd answer_wake{fds.answer_event};
  auto mapping = Mapping::attach(memory.get());
  if (!mapping) return tl::unexpected<Error>(mapping.error());
  std::unique_ptr<ClassifierEnd> end{new ClassifierEnd};
  end->impl_ = std::make_unique<Impl>(std::move(*mapping), request_wake.release(), answer_wake.release());
  return end;
}

const Request* ClassifierEnd::next() noexcept {
  Impl& impl = *impl_;
  impl.requests.release();
  if (!impl.ok()) return nullptr;
  const std::uint32_t available = impl.requests.available();
  if (available == 0) return nullptr;
  std::uint32_t records = 0;
  if (!impl.read_request(available, records)) {
    impl.requests.mark_corrupt();
    return nullptr;
  }
  impl.requests.advance(records);
  return &impl.request;
}

bool ClassifierEnd::try_answer(const Answer& answer) noexcept {
  Impl& impl = *impl_;
  if (!impl.ok() || !impl.answers.has_room(1)) return false;
  std::memcpy(impl.answers.record(0), &answer, sizeof(answer));
  impl.answers.advance(1);
  if (impl.answers.publish()) send_wake(impl.answer_wake.get());
  return true;
}

bool ClassifierEnd::try_inject(const Answer& answer, Bytes payload) noexcept {
  Impl& impl = *impl_;
  if (payload.empty() || payload.size() > kInjectBytesMax) return false;
  const std::uint32_t records = inject_records(payload.size());
  if (!impl.ok() || !impl.answers.has_room(records)) return false;
  Answer head = answer;
  head.type = AnswerType::kInject;
  head.payload_bytes = static_cast<std::uint16_t>(payload.size());
  std::memcpy(impl.answers.record(0), &head, sizeof(head));
  for (std::uint32_t i = 1; i < records; ++i) {
    InjectMore more;
    const Bytes piece = payload.first(std::min(payload.size(), more.payload.size()));
    more.bytes = static_cast<std::uint8_t>(piece.size());
    std::copy(piece.begin(), piece.end(), more.payload.begin());
    std::memcpy(impl.answers.record(i), &more, sizeof(more));
    payload = payload.subspan(piece.size());
  }
  impl.answers.advance(records);
  if (impl.answers.publish()) send_wake(impl.answer_wake.get());
  return true;
}

bool ClassifierEnd::wait(int hangup_fd, int timeout_ms) noexcept {
  Impl& impl = *impl_;
  impl.requests.release();
  if (impl.answers.wanted())
    send_wake(impl.answer_wake.get());  // it may wait for the last request to be consumed
  impl.requests.set_sleeping(true);
  bool hung_up = false;
  if (impl.requests.refresh() == 0 && impl.ok()) {
    std::array<pollfd, 2> fds{{{impl.request_wake.get(), POLLIN, 0}, {hangup_fd, POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), timeout_ms) > 0) {
      hung_up = fds[1].revents != 0 || (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
    }
    drain_wakes(impl.request_wake.get());
  }
  impl.requests.set_sleeping(false);
  return impl.ok() && (!hung_up || impl.requests.refresh() > 0);
}

bool ClassifierEnd::ok() const noexcept { return impl_->ok(); }
const ChannelShape& ClassifierEnd::shape() const noexcept { return impl_->mapping.shape(); }

}  // namespace weir::channel
