// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "dataplane/channel/channel.h"
#include "dataplane/channel/memory.h"
#include "dataplane/channel/ring.h"
#include "policy/model/settings.h"

namespace weir::channel {
namespace {

void write_header(std::uint8_t* record, RequestType type, std::size_t body, FlowRef flow,
                  TimeNs now) noexcept {
  RequestHeader header;
  header.type = type;
  header.body_bytes = static_cast<std::uint16_t>(body);
  header.flow = flow;
  header.time_ns = now;
  std::memcpy(record, &header, sizeof(header));
}

bool is_valid(const Answer& answer, std::uint32_t slots) noexcept {
  // A kInjectMore is looked for behind its kInject alone.
  if (answer.type < AnswerType::kRelease || answer.type > AnswerType::kInject) return false;
  if (answer.action > VerdictAction::kReset || answer.direction > Direction::kFromResponder) return false;
  if (answer.exception > kExceptionCauses || answer.mark > kMarkMax || answer.swallow > 1 || answer.keep > 1)
    return false;
  if (answer.limit_scope > LimitScope::kClient || answer.inject_end > InjectEnd::kClose) return false;
  const bool has_payload = answer.payload_bytes > 0 && answer.payload_bytes <= kInjectBytesMax;
  if (has_payload != (answer.type == AnswerType::kInject)) return false;
  return answer.type == AnswerType::kPolicyRevision || answer.flow.slot < slots;
}

}  // namespace

struct DataplaneEnd::Impl {
  Impl(Mapping mapped, int memory_fd) noexcept
      : mapping(std::move(mapped)),
        memory(memory_fd),
        requests(mapping.request_indices(), mapping.requests(), mapping.shape().requests,
                 kRequestRecordBytes),
        answers(mapping.answer_indices(), mapping.answers(), mapping.shape().answers, kAnswerRecordBytes) {}

  Mapping mapping;
  Fd memory;
  // Each wake socket has an own end and one that is handed out.
  Fd request_wake;
  Fd request_wake_theirs;
  Fd answer_wake;
  Fd answer_wake_theirs;
  RingWriter requests;
  RingReader answers;
  std::array<std::uint8_t, kInjectBytesMax> payload{};
  std::size_t payload_bytes = 0;

  template <typename Body>
  bool try_whole(RequestType type, FlowRef flow, const Body& body, TimeNs now) noexcept {
    static_assert(sizeof(Body) <= kRequestBodyBytes);
    if (!ok() || !requests.has_room(1)) return false;
    std::uint8_t* record = requests.record(0);
    write_header(record, type, sizeof(Body), flow, now);
    std::memcpy(record + sizeof(RequestHeader), &body, sizeof(Body));
    requests.advance(1);
    return true;
  }
  [[nodiscard]] bool ok() const noexcept { return requests.ok() && answers.ok(); }
  bool read_answer(Answer& answer, std::uint32_t available, std::uint32_t& records) noexcept;
};

/// One answer and what belongs to it, of `available` records; false when it makes no sense.
bool DataplaneEnd::Impl::read_answer(Answer& answer, std::uint32_t available,
                                     std::uint32_t& records) noexcept {
  copy_shared(&answer, answers.record(0), sizeof(answer));
  records = 1;
  if (!is_valid(answer, mapping.shape().slots)) return false;
  if (answer.type != AnswerType::kInject) return true;
  records = inject_records(answer.payload_bytes);
  if (records > available) return false;  // the writer shows all of them at once
  payload_bytes = 0;
  for (std::uint32_t i = 1; i < records; ++i) {
    InjectMore more;
    copy_shared(&more, answers.record(i), sizeof(more));
    const std::size_t wanted = std::min(answer.payload_bytes - payload_bytes, more.payload.size());
    if (more.type != AnswerType::kInjectMore || more.bytes != wanted) return false;
    std::memcpy(payload.data() + payload_bytes, more.payload.data(), wanted);
    payload_bytes += wanted;
  }
  return true;
}

DataplaneEnd::DataplaneEnd() = default;
DataplaneEnd::~DataplaneEnd() = default;

Result<std::unique_ptr<DataplaneEnd>> DataplaneEnd::create(const ChannelShape& shape) {
  int memory = -1;
  auto mapping = Mapping::create(shape, &memory);
  if (!mapping) return tl::unexpected<Error>(mapping.error());
  std::unique_ptr<DataplaneEnd> end{new DataplaneEnd};
  end->impl_ = std::make_unique<Impl>(std::move(*mapping), memory);
  const auto pair_up = [](Fd& ours, Fd& theirs) {
    int pair[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) return false;
    ours.reset(pair[0]);
    theirs.reset(pair[1]);
    return true;
  };
  if (!pair_up(end->impl_->request_wake, end->impl_->request_wake_theirs) ||
      !pair_up(end->impl_->answer_wake, end->impl_->answer_wake_theirs)) {
    return failure(ErrorCode::kSystem,
                   std::string("cannot make the channel's wake sockets: ") + std::strerror(errno));
  }
  return end;
}

bool DataplaneEnd::try_open(FlowRef flow, const FlowOpened& opened, TimeNs now) noexcept {
  return impl_->try_whole(RequestType::kFlowOpened, flow, opened, now);
}

bool DataplaneEnd::try_close(FlowRef flow, const FlowClosed& closed, TimeNs now) noexcept {
  return impl_->try_whole(RequestType::kFlowClosed, flow, closed, now);
}

bool DataplaneEnd::try_packet(FlowRef flow, const PacketHead& head, Bytes from_l3, TimeNs now) noexcept {
  const std::size_t total = std::min(from_l3.size(), kPacketBytesMax);
  const std::size_t first = std::min(total, kPacketBytesPerRecord);
  const std::size_t more = (total - first + kRequestBodyBytes - 1) / kRequestBodyBytes;
  const auto records = static_cast<std::uint32_t>(1 + more);
  RingWriter& ring = impl_->requests;
  if (!impl_->ok() || !ring.has_room(records)) return false;

  PacketHead cut = head;
  cut.packet_bytes = static_cast<std::uint16_t>(total);
  std::uint8_t* record = ring.record(0);
  write_header(record, RequestType::kPacket, sizeof(cut) + first, flow, now);
  std::memcpy(record + sizeof(RequestHeader), &cut, sizeof(cut));
  if (first > 0) std::memcpy(record + sizeof(RequestHeader) + sizeof(cut), from_l3.data(), first);
  std::size_t at = first;
  for (std::uint32_t i = 1; i < records; ++i) {
    const std::size_t body = std::min(total - at, kRequestBodyBytes);
    record = ring.record(i);
    write_header(record, RequestType::kPacketMore, body, flow, now);
    std::memcpy(record + sizeof(RequestHeader), from_l3.data() + at, body);
    at += body;
  }
  ring.advance(records);
  return true;
}

void DataplaneEnd::publish() noexcept {
  if (impl_->requests.publish()) send_wake(impl_->request_wake.get());
}

std::size_t DataplaneEnd::drain(std::span<Answer> out) noexcept {
  RingReader& ring = impl_->answers;
  impl_->payload_bytes = 0;
  if (!impl_->ok()) return 0;
  std::uint32_t left = ring.refresh();
  std::size_t count = 0;
  while (count < out.size() && left > 0) {
    std::uint32_t records = 0;
    if (!impl_->read_answer(out[count], left, records)) {
      ring.mark_corrupt();
      impl_->payload_bytes = 0;
      return count;
    }
    ring.advance(records);
    left -= records;
    if (out[count++].type == AnswerType::kInject) break;
  }
  ring.release();
  return count;
}

Bytes DataplaneEnd::inject_payload() const noexcept {
  return Bytes{impl_->payload}.first(impl_->payload_bytes);
}

void DataplaneEnd::wait(int timeout_ms) noexcept {
  if (!impl_->ok()) return;
  impl_->answers.set_sleeping(true);
  if (impl_->answers.refresh() == 0 && !impl_->requests.all_consumed() && impl_->ok()) {
    pollfd fds{impl_->answer_wake.get(), POLLIN, 0};
    static_cast<void>(::poll(&fds, 1, timeout_ms));
  }
  impl_->answers.set_sleeping(false);
  drain_wakes(impl_->answer_wake.get());
}

bool DataplaneEnd::all_consumed() noexcept { return impl_->requests.all_consumed(); }
std::optional<FlowRef> DataplaneEnd::unfinished() noexcept {
  const std::uint8_t* record = impl_->requests.in_hand();
  if (record == nullptr) return std::nullopt;
  RequestHeader header;
  copy_shared(&header, record, sizeof(header));
  return header.flow;
}

std::uint32_t DataplaneEnd::requests_waiting() noexcept { return impl_->requests.waiting(); }
bool DataplaneEnd::ok() const noexcept { return impl_->ok(); }
ChannelFds DataplaneEnd::fds() const noexcept {
  return {impl_->memory.get(), impl_->request_wake_theirs.get(), impl_->answer_wake_theirs.get()};
}
const ChannelShape& DataplaneEnd::shape() const noexcept { return impl_->mapping.shape(); }

}  // namespace weir::channel
