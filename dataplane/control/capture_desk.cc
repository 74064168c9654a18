// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/capture_desk.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "dataplane/bypass/manual.h"
#include "dataplane/control/clocks.h"
#include "dataplane/control/operators.h"
#include "dataplane/control/refusal.h"
#include "policy/model/duration.h"
#include "policy/model/ip_address.h"

namespace weir::dataplane {
namespace {

using nlohmann::json;

constexpr auto kLook = std::chrono::milliseconds(50);        // for triggers
constexpr auto kLookRunning = std::chrono::milliseconds(5);  // while captures run
constexpr TimeNs kFinishPatience = 2 * kSecond;              // for a worker that does not answer any more

}  // namespace

CaptureDesk::CaptureDesk(const Settings& settings, std::span<const std::unique_ptr<Worker>> workers)
    : settings_(settings), workers_(workers), files_(settings.capture) {
  for (const PairSettings& pair : settings.pairs) {
    interfaces_.push_back(pair.name + "/inside");
    interfaces_.push_back(pair.name + "/outside");
  }
  for (std::size_t i = 0; i < workers.size(); ++i) readers_.push_back(std::make_unique<Reader>());
  thread_ = std::thread([this] { run(); });
}

CaptureDesk::~CaptureDesk() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

CaptureCounts CaptureDesk::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

Result<CaptureDesk::Wish> CaptureDesk::understand(const json& wanted) const {
  Wish wish;
  wish.filter.flow = wanted.value("flow", std::uint64_t{0});
  wish.filter.port = wanted.value("port", std::uint16_t{0});
  const std::string address = wanted.value("address", "");
  if (wish.filter.flow == 0 && address.empty()) {
    return failure(ErrorCode::kInvalid, "say which packets: a flow or an address");
  }
  if (!address.empty()) {
    const auto parsed = IpAddress::parse(address);
    if (!parsed) return failure(ErrorCode::kInvalid, "address is no IP address");
    wish.filter.address = parsed->bytes();
    wish.filter.has_address = true;
  }
  if (wanted.contains("worker")) {
    wish.worker = wanted["worker"].get<std::size_t>();
    if (*wish.worker >= workers_.size()) return failure(ErrorCode::kInvalid, "there is no such worker");
  }
  const auto duration = parse_duration(wanted.value("for", ""));
  if (!duration) return tl::unexpected(duration.error());
  if (*duration > kCaptureLongest) {
    return failure(ErrorCode::kInvalid, fmt::format("at most {}", duration_text(kCaptureLongest)));
  }
  wish.duration = *duration;
  const std::string reason = wanted.value("reason", "");
  if (auto checked = check_reason(reason); !checked) return tl::unexpected(checked.error());
  wish.what = wish.filter.flow != 0 ? fmt::format("flow-{}", wish.filter.flow) : "request";
  wish.comment = fmt::format("asked for: {}; flow={} address={} port={}", reason, wish.filter.flow,
                             address.empty() ? "any" : address, wish.filter.port);
  return wish;
}

json CaptureDesk::request(std::string_view line, std::uint32_t uid) {
  if (!may_operate(uid, settings_.operators)) {
    spdlog::warn("capture-refused uid={}", uid);
    return refusal_of(fmt::format("only root and the group {} may do this", settings_.operators));
  }
  try {  // the library throws on wrong types
    const json wanted = json::parse(line);
    const std::string what = wanted.value("do", "");
    const std::lock_guard lock(mutex_);
    if (what == "list") return {{"ok", true}, {"captures", listed_}};
    if (what == "stop") {
      commands_.push_back({wanted.at("id").get<std::uint64_t>(), std::nullopt});
      wake_.notify_one();
      return {{"ok", true}};
    }
    if (what != "start") return refusal_of("\"do\" is start, list or stop");
    auto wish = understand(wanted);
    if (!wish) return refusal_of(wish.error().what);
    if (counts_.running + commands_.size() >= kCapturesMax) {
      return refusal_of(fmt::format("{} captures run already", kCapturesMax));
    }
    const std::uint64_t id = next_id_++;
    spdlog::info("capture-start id={} user={} {}", id, who_is(uid).user, wish->what);
    commands_.push_back({id, std::move(*wish)});
    wake_.notify_one();
    return {{"ok", true}, {"id", id}};
  } catch (const json::exception&) {
    return refusal_of("flow, worker, port and id are numbers, address, for and reason are texts");
  }
}

void CaptureDesk::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    lock.unlock();
    const bool busy = turn();
    lock.lock();
    if (!stop_ && commands_.empty()) wake_.wait_for(lock, busy ? kLookRunning : kLook);
  }
  lock.unlock();
  while (!running_.empty()) end(*running_.back(), "ended");
}

/// False: nothing to do until a trigger or a command comes.
bool CaptureDesk::turn() {
  take_commands();
  take_triggers();
  bool busy = false;
  for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
    serve(worker);
    busy = busy || readers_[worker]->asked || readers_[worker]->watching;
  }
  const TimeNs now = monotonic_now();
  for (std::size_t i = running_.size(); i-- > 0;) {
    Capture& capture = *running_[i];
    const bool finished = std::ranges::all_of(capture.finished, [](bool one) { return one; });
    if (finished || now > capture.ends + kFinishPatience) end(capture, "ended");
  }
  say_state();
  return busy || !running_.empty();
}

void CaptureDesk::take_commands() {
  std::deque<Command> commands;
  {
    const std::lock_guard lock(mutex_);
    commands.swap(commands_);
  }
  for (Command& command : commands) {
    if (command.start) {
      begin(command.id, std::move(*command.start));
      continue;
    }
    for (const auto& capture : running_) {
      if (capture->id == command.id) capture->ends = monotonic_now();
    }
  }
}

namespace {

std::string comment_on(const CaptureTrigger& trigger, std::size_t worker) {
  if (trigger.fault) return fmt::format("classifier-fault: flow={} worker={}", trigger.flow, worker);
  if (trigger.hit)
    return fmt::format("hit: flow={} worker={} policy-revision={}", trigger.flow, worker,
                       trigger.policy_revision);
  return fmt::format("blocked: verdict={} flow={} worker={} policy-revision={}",
                     trigger.verdict == VerdictAction::kReset ? "reset" : "drop", trigger.flow, worker,
                     trigger.policy_revision);
}

}  // namespace

void CaptureDesk::take_triggers() {
  const TimeNs now = monotonic_now();
  for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
    CaptureTrigger trigger;
    while (workers_[worker]->capture_triggers().pop(trigger)) {
      const bool known = std::ranges::any_of(running_, [&](const auto& one) {
        return one->wish.worker == worker && one->wish.filter.flow == trigger.flow;
      });
      if (known) continue;
      if (now - minute_ >= 60 * kSecond) {
        minute_ = now;
        in_minute_ = 0;
      }
      const bool room = running_.size() < kCapturesMax && in_minute_ < kBlockCapturesPerMinute;
      std::uint64_t id = 0;
      {
        const std::lock_guard lock(mutex_);
        if (!room) ++counts_.refused;
        if (room) id = next_id_++;
      }
      if (!room) continue;
      ++in_minute_;
      Wish wish;
      // Address and port make it cheap to see that a packet is of another flow.
      wish.filter = {.flow = trigger.flow,
                     .address = trigger.key.low_address,
                     .has_address = true,
                     .port = trigger.key.low_port};
      wish.worker = worker;
      wish.duration = kCaptureAfterBlock;
      wish.what = fmt::format("flow-{}", trigger.flow);
      wish.comment = comment_on(trigger, worker);
      begin(id, std::move(wish));
    }
  }
}

void CaptureDesk::begin(std::uint64_t id, Wish wish) {
  auto capture = std::make_unique<Capture>();
  capture->id = id;
  capture->ends = monotonic_now() + wish.duration;
  capture->next.assign(workers_.size(), 0);
  capture->asked.assign(workers_.size(), false);
  capture->finished.assign(workers_.size(), false);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (wish.worker && *wish.worker != i) capture->finished[i] = true;
  }
  std::set<std::string> in_use;
  for (const auto& one : running_) in_use.insert(one->path);
  capture->wish = std::move(wish);
  running_.push_back(std::move(capture));
  Capture& begun = *running_.back();
  {
    const std::lock_guard lock(mutex_);
    ++counts_.started;
  }
  auto path = files_.next(system_now(), begun.wish.what, in_use);
  auto file = path ? PcapngFile::create(*path, interfaces_, settings_.capture.snap_bytes, begun.wish.comment)
                   : tl::unexpected(path.error());
  if (!file) {
    spdlog::error("capture-failed id={} error=\"{}\"", id, to_text(file.error()));
    end(begun, "failed");
    return;
  }
  begun.path = *path;
  begun.file = std::move(*file);
}

/// Takes what the worker has copied, and asks for more while a capture wants it.
void CaptureDesk::serve(std::size_t worker) {
  Reader& reader = *readers_[worker];
  if (reader.asked) {
    if (!workers_[worker]->captured_answered()) return;
    reader.asked = false;
    take(worker);
  }
  ask(worker);
}

void CaptureDesk::ask(std::size_t worker) {
  Reader& reader = *readers_[worker];
  CaptureRequest& request = reader.request;
  request.filter_count = 0;
  request.position = UINT64_MAX;
  for (const auto& capture : running_) {
    capture->asked[worker] = !capture->finished[worker];
    if (capture->finished[worker]) continue;
    request.filters.at(request.filter_count++) = capture->wish.filter;
    request.position = std::min(request.position, capture->next[worker]);
  }
  if (request.filter_count == 0 && !reader.watching) return;
  request.missed = 0;
  request.packets.clear();
  request.bytes.clear();
  request.taken = false;
  reader.asked_at = monotonic_now();
  reader.asked = workers_[worker]->ask_captured(&request);
  if (reader.asked) reader.watching = request.filter_count > 0;
}

void CaptureDesk::take(std::size_t worker) {
  const Reader& reader = *readers_[worker];
  for (std::size_t i = running_.size(); i-- > 0;) {
    Capture& capture = *running_[i];
    // One that began after the question has the answer to its own to come, from the oldest packet on.
    if (capture.finished[worker] || !capture.asked[worker]) continue;
    write(capture, worker, reader.request);
    if (capture.next[worker] != 0) capture.missed_bytes += reader.request.missed;
    capture.next[worker] = std::max(capture.next[worker], reader.request.position);
    const bool all = reader.request.position >= reader.request.until;
    capture.finished[worker] = all && reader.asked_at >= capture.ends;
    if (auto flushed = capture.file->flush(); !flushed) {
      spdlog::error("capture-failed id={} error=\"{}\"", capture.id, to_text(flushed.error()));
      end(capture, "failed");
    } else if (capture.file->bytes() >= files_.file_bytes_max()) {
      end(capture, "full");
    }
  }
}

void CaptureDesk::write(Capture& capture, std::size_t worker, const CaptureRequest& request) {
  for (const CapturedPacket& packet : request.packets) {
    if (packet.position < capture.next[worker]) continue;  // it has this one
    if (!capture.wish.filter.matches(packet.head.flow, packet.head.key)) continue;
    if (capture.file->bytes() >= files_.file_bytes_max()) return;
    capture.file->add({.time = packet.head.time,
                       .interface = packet.head.port,
                       .frame_bytes = packet.head.frame_bytes,
                       .bytes = Bytes(request.bytes).subspan(packet.offset, packet.head.bytes),
                       .comment = fmt::format("flow {}", packet.head.flow)});
    ++capture.packets;
  }
  capture.bytes = capture.file->bytes();
}

/// Takes it out of those that run.
void CaptureDesk::end(Capture& capture, const char* state) {
  capture.state = state;
  if (capture.file != nullptr) static_cast<void>(capture.file->flush());
  capture.file.reset();
  spdlog::info("capture-end id={} state={} packets={} file={}", capture.id, state, capture.packets,
               capture.path);
  if (capture.state == "failed") {
    const std::lock_guard lock(mutex_);
    ++counts_.failed;
  }
  ended_.push_front(describe(capture));
  if (ended_.size() > kCapturesRemembered) ended_.pop_back();
  std::erase_if(running_, [&](const auto& one) { return one.get() == &capture; });
}

void CaptureDesk::say_state() {
  json all = json::array();
  for (const auto& capture : running_) all.push_back(describe(*capture));
  for (const json& one : ended_) all.push_back(one);
  const std::lock_guard lock(mutex_);
  listed_ = std::move(all);
  counts_.running = running_.size();
}

json CaptureDesk::describe(const Capture& capture) const {
  return {{"id", capture.id},           {"state", capture.state}, {"file", capture.path},
          {"packets", capture.packets}, {"bytes", capture.bytes}, {"missed_bytes", capture.missed_bytes},
          {"why", capture.wish.comment}};
}

}  // namespace weir::dataplane
