// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/replay.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "policy/ctl/child.h"
#include "policy/ctl/exit_code.h"

namespace weir::ctl {
namespace {

using namespace std::chrono_literals;

/// varint length, message, varint length, message ... (the form of protobuf's writeDelimitedTo).
class DelimitedEvents {
 public:
  void add(std::string_view bytes) { buffer_.append(bytes); }
  /// The next whole event; nullopt: more bytes are needed, or the stream is damaged.
  std::optional<event::FlowEvent> next() {
    std::uint64_t length = 0;
    std::size_t at = at_;
    for (unsigned shift = 0;; shift += 7) {
      if (shift > 28) damaged_ = true;
      if (damaged_ || at >= buffer_.size()) return std::nullopt;
      const auto byte = static_cast<unsigned char>(buffer_[at++]);
      length |= std::uint64_t{byte & 0x7fU} << shift;
      if ((byte & 0x80U) == 0) break;
    }
    if (length > kReplayEventBytesMax) damaged_ = true;
    if (damaged_ || buffer_.size() - at < length) return std::nullopt;
    event::FlowEvent event;
    if (!event.ParseFromArray(buffer_.data() + at, static_cast<int>(length))) damaged_ = true;
    at_ = at + length;
    if (at_ > kReplayEventBytesMax) buffer_.erase(0, std::exchange(at_, 0));
    if (damaged_) return std::nullopt;
    return event;
  }
  [[nodiscard]] bool damaged() const { return damaged_; }
  [[nodiscard]] bool empty() const { return at_ == buffer_.size(); }

 private:
  std::string buffer_;
  std::size_t at_ = 0;
  bool damaged_ = false;
};

/// SIGINT and SIGTERM as a readable descriptor while it lives, so that both end a replay in order.
class StopSignals {
 public:
  StopSignals() {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, &before_);
    descriptor_ = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~StopSignals() {
    // A signal that still waits would end the process as soon as it is let in, before the directory is gone.
    signalfd_siginfo taken{};
    while (descriptor_ >= 0 && read(descriptor_, &taken, sizeof(taken)) > 0) continue;
    if (descriptor_ >= 0) close(descriptor_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  sigset_t before_{};
  int descriptor_ = -1;
};

std::size_t capture_of(const event::FlowEvent& event, std::size_t captures) {
  std::size_t index = 0;
  std::from_chars(event.pair().data(), event.pair().data() + event.pair().size(), index);
  return index < captures ? index : 0;
}

/// Where the other programs are: beside this one.
std::filesystem::path own_folder() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
}

struct Run {
  const ReplayOptions& options;
  const ReplayVisitor& visit;
  TemporaryFolder folder;
  std::size_t reached = 0;  // the highest capture that an event named
  bool stopped = false;
  bool late = false;
  bool damaged = false;
};

/// For poll: until the run's time is over; -1: there is no such.
int milliseconds_left(std::chrono::milliseconds longest, std::chrono::steady_clock::time_point begun) {
  if (longest.count() == 0) return -1;
  const auto passed = std::chrono::steady_clock::now() - begun;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(longest - passed).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

/// Hands out events until the classifier closes its end.
void read_events(Run& run, int events, int stop) {
  DelimitedEvents delimited;
  std::array<char, 65'536> part{};
  const auto begun = std::chrono::steady_clock::now();
  while (true) {
    std::array<pollfd, 2> both{{{events, POLLIN, 0}, {stop, POLLIN, 0}}};
    const int ready = poll(both.data(), both.size(), milliseconds_left(run.options.longest, begun));
    if (ready < 0) continue;
    run.late = ready == 0;
    run.stopped = both[1].revents != 0;
    if (run.late || run.stopped) return;
    const ssize_t got = read(events, part.data(), part.size());
    if (got <= 0) break;
    delimited.add({part.data(), static_cast<std::size_t>(got)});
    while (const auto event = delimited.next()) {
      const std::size_t capture = capture_of(*event, run.options.captures.size());
      run.reached = std::max(run.reached, capture);
      run.visit(capture, *event);
    }
    if (delimited.damaged()) break;
  }
  run.damaged = delimited.damaged() || !delimited.empty();
}

std::vector<std::string> classifier_words(const Run& run) {
  std::vector<std::string> words{
      (own_folder() / "weir-classifier").string(), "--replay", "--run", run.folder.path(), "--events", "-"};
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  };
  add("--policy", run.options.policy);
  add("--catalogue", run.options.catalogue);
  add("--signatures", run.options.signatures);
  add("--safe-search", run.options.safe_search);
  add("--country-db", run.options.country_database);
  add("--asn-db", run.options.asn_database);
  return words;
}

std::vector<std::string> dataplane_words(const Run& run) {
  const std::string program = (own_folder() / "weir-dataplane").string();
  if (!run.options.ports.empty()) {
    return {program,           "--config", run.options.settings, "--replay-ports",
            run.options.ports, "--run",    run.folder.path()};
  }
  std::vector<std::string> words{program, "--replay", "--run", run.folder.path()};
  for (const std::string& capture : run.options.captures) {
    words.push_back(std::filesystem::absolute(capture).string());
  }
  return words;
}

Result<void> judge_ends(Run& run, const Child& dataplane, const Child& classifier) {
  if (run.stopped) return failure(ErrorCode::kLimit, "ended by a signal");
  if (run.late)
    return failure(ErrorCode::kLimit, fmt::format("it took more than {} s", run.options.longest / 1s));
  // A classifier that found no data plane is not to blame.
  const bool alone = classifier.exit_code() == kUnreachable;
  const std::array<const Child*, 2> by_blame{alone ? &dataplane : &classifier,
                                             alone ? &classifier : &dataplane};
  for (const Child* child : by_blame) {
    if (child->ended_well()) continue;
    std::fputs(child->last_words().c_str(), stderr);
    if (child->exit_code() == kInvalid)
      return failure(ErrorCode::kInvalid, child->name() + " refused what it was given");
    return failure(ErrorCode::kSystem, fmt::format("{} {}", child->name(), child->how_it_ended()));
  }
  if (run.damaged) return failure(ErrorCode::kCorrupt, "weir-classifier ended in the middle of an event");
  return {};
}

Result<void> run_once(Run& run) {
  if (run.folder.path().empty()) return failure(ErrorCode::kSystem, "cannot make a temporary directory");
  const StopSignals stop;
  Child dataplane{"weir-dataplane", run.folder.path()};
  Child classifier{"weir-classifier", run.folder.path()};
  if (auto started = dataplane.start(dataplane_words(run), false); !started) return started;
  if (auto started = classifier.start(classifier_words(run), true); !started) return started;
  read_events(run, classifier.output(), stop.descriptor());
  if (run.stopped || run.late) {
    classifier.end_now();
    dataplane.end_now();
  } else {
    classifier.wait_for_end(kChildEndMax);
    dataplane.wait_for_end(classifier.ended_well() ? kChildEndMax : kChildEndAlone);
  }
  return judge_ends(run, dataplane, classifier);
}

/// The capture that breaks a replay when it is alone; events have named those before `first`.
std::optional<std::string> breaking_capture(const ReplayOptions& options, std::size_t first) {
  for (std::size_t i = first; i < options.captures.size(); ++i) {
    ReplayOptions one = options;
    one.captures = {options.captures[i]};
    const ReplayVisitor nobody = [](std::size_t, const event::FlowEvent&) {};
    Run run{one, nobody, {}};
    const auto done = run_once(run);
    if (!done && done.error().code == ErrorCode::kSystem) return one.captures[0];
    if (run.stopped) break;
  }
  return std::nullopt;
}

}  // namespace

Result<void> replay(const ReplayOptions& options, const ReplayVisitor& visit) {
  std::size_t reached = 0;
  Result<void> done;
  {
    Run run{options, visit, {}};
    done = run_once(run);
    reached = run.reached;
  }
  if (done || done.error().code != ErrorCode::kSystem || options.captures.empty()) return done;
  const auto breaking =
      options.captures.size() == 1 ? options.captures[0] : breaking_capture(options, reached);
  Error error = done.error();
  error.what += breaking ? fmt::format(", in {}", *breaking)
                         : fmt::format(", in {} or after it, but not with one capture alone",
                                       options.captures[reached]);
  return tl::unexpected(std::move(error));
}

}  // namespace weir::ctl
