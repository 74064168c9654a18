// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/open_loop.h"

#include <fcntl.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <rte_lcore.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/bench/ring_rounds.h"

namespace weir::bench {
namespace {

using namespace dataplane;

constexpr std::size_t kStampAt = 42;            // behind the UDP header
constexpr std::size_t kKindAt = 58;             // payload of a datagram, padding of a SYN
constexpr std::uint16_t kStep = 8;              // packets that are sent at once
constexpr double kLookEvery = 20e-6;            // seconds
constexpr std::size_t kSamplesMax = 8'000'000;  // latencies kept

void pin(std::thread::native_handle_type thread, unsigned core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (pthread_setaffinity_np(thread, sizeof(set), &set) != 0)
    std::fprintf(stderr, "bench: core %u is not ours\n", core);
}

void stamp(std::uint8_t* frame, Kind kind) {
  const std::uint64_t now = rte_rdtsc();
  if (kind != Kind::kFlood) std::memcpy(frame + kStampAt, &now, sizeof(now));  // a SYN has no room for it
  frame[kKindAt] = static_cast<std::uint8_t>(kind);
}

void note(Seen& seen, const std::uint8_t* frame) {
  const std::size_t kind = frame[kKindAt] & 3U;
  ++seen.received[kind];
  if (kind != static_cast<std::size_t>(Kind::kEstablished) || seen.latency_ns.size() >= kSamplesMax) return;
  std::uint64_t sent = 0;
  std::memcpy(&sent, frame + kStampAt, sizeof(sent));
  const double ns = static_cast<double>(rte_rdtsc() - sent) * 1e9 / static_cast<double>(rte_get_tsc_hz());
  seen.latency_ns.push_back(static_cast<std::uint32_t>(std::min(ns, 4e9)));
}

double percentile_of(std::vector<std::uint32_t> ns, double part) {
  if (ns.empty()) return 0;
  const auto at = ns.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(ns.size() - 1));
  std::nth_element(ns.begin(), at, ns.end());
  return *at / 1e3;
}

}  // namespace

OtherCore::OtherCore(std::function<void()> turn)
    : thread_([this, turn = std::move(turn)] {
        static_cast<void>(rte_thread_register());  // its own cache of packet buffers
        while (!stop_.load(std::memory_order_relaxed)) turn();
        rte_thread_unregister();
      }) {
  pin(thread_.native_handle(), 1);
}

OtherCore::~OtherCore() {
  stop_.store(true);
  thread_.join();
}

void stay_on_first_core() { pin(pthread_self(), 0); }

Responder::Responder(Worker& worker) : worker_(worker) {
  channel::ChannelShape shape;
  shape.slots = worker.flow_slots();
  auto end = channel::DataplaneEnd::create(shape);
  if (!end) std::abort();
  dataplane_end_ = std::move(*end);
  const auto copy = [](int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); };
  const channel::ChannelFds fds = dataplane_end_->fds();
  auto other =
      channel::ClassifierEnd::attach({copy(fds.memory), copy(fds.request_event), copy(fds.answer_event)});
  if (!other) std::abort();
  classifier_end_ = std::move(*other);
  swap_policy();
  worker_.offer_channel(dataplane_end_.get());
}

Responder::~Responder() {
  worker_.offer_channel(nullptr);
  const std::uint64_t turns = worker_.turns();
  while (worker_.turns() < turns + 2) sched_yield();
}

void Responder::serve(std::uint32_t requests_max) {
  for (std::uint32_t i = 0; i < requests_max; ++i) {
    const channel::Request* request = classifier_end_->next();
    if (request == nullptr) return;
    if (request->type != channel::RequestType::kPacket) continue;
    channel::Answer answer;
    answer.type = channel::AnswerType::kFinal;
    answer.flow = request->flow;
    answer.policy_revision = revision_;
    answered_ += classifier_end_->try_answer(answer) ? 1U : 0U;
  }
}

void Responder::swap_policy() {
  channel::Answer answer;
  answer.type = channel::AnswerType::kPolicyRevision;
  answer.policy_revision = ++revision_;
  static_cast<void>(classifier_end_->try_answer(answer));
}

double Seen::percentile_us(double part) const { return percentile_of(latency_ns, part); }

double Seen::usual_percentile_us(double part) const {
  std::vector<double> each;
  for (std::size_t i = 0; i + 1 < windows.size(); ++i) {
    if (windows[i] < windows[i + 1])
      each.push_back(percentile_of({latency_ns.begin() + static_cast<std::ptrdiff_t>(windows[i]),
                                    latency_ns.begin() + static_cast<std::ptrdiff_t>(windows[i + 1])},
                                   part));
  }
  return each.empty() ? 0 : median(each);
}

Seen drive(RingBed& bed, const Load& load) {
  Seen seen;
  seen.latency_ns.reserve(
      std::min<std::size_t>(kSamplesMax, static_cast<std::size_t>(load.packets_s * load.seconds) + 1));
  const double hz = static_cast<double>(rte_get_tsc_hz());
  const std::uint64_t start = rte_rdtsc();
  std::uint64_t sent = 0;
  std::uint64_t looked = 0;
  double looked_at = 0;
  for (double passed = 0; passed < load.seconds;) {
    passed = static_cast<double>(rte_rdtsc() - start) / hz;
    while (passed >= static_cast<double>(seen.windows.size()) * load.window_s)
      seen.windows.push_back(seen.latency_ns.size());
    const auto due = static_cast<std::uint64_t>(passed * load.packets_s);
    if (due > sent + kStep) {
      std::array<Kind, kStep> kinds{};
      static_cast<void>(bed.try_offer(kStep, [&](std::uint8_t* frame, std::uint16_t i) {
        kinds[i] = load.write(frame);
        stamp(frame, kinds[i]);
        return std::uint16_t{60};
      }));
      for (const Kind kind : kinds) ++seen.offered[static_cast<std::size_t>(kind)];
      sent += kStep;
    }
    static_cast<void>(bed.drain([&](const std::uint8_t* frame) { note(seen, frame); }));
    if (load.meanwhile && (sent >= looked + kBurst || passed >= looked_at + kLookEvery)) {
      looked = sent;
      looked_at = passed;
      load.meanwhile(passed);
    }
  }
  // What is still on its way.
  const std::uint64_t end = rte_rdtsc();
  while (static_cast<double>(rte_rdtsc() - end) / hz < 0.02) {
    static_cast<void>(bed.drain([&](const std::uint8_t* frame) { note(seen, frame); }));
    if (load.meanwhile) load.meanwhile(load.seconds);
  }
  return seen;
}

double capacity(RingBed& bed, double seconds, const std::function<Kind(std::uint8_t*)>& write) {
  Seen seen = drive(bed, {.packets_s = 1e9, .seconds = seconds, .write = write, .meanwhile = {}});
  std::uint64_t received = 0;
  for (const std::uint64_t count : seen.received) received += count;
  return static_cast<double>(received) / seconds;
}

}  // namespace weir::bench
