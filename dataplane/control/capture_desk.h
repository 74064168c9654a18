// SPDX-License-Identifier: Apache-2.0
// Runs the captures: starts one when a verdict blocks a flow or an operator asks, reads the workers' capture
// rings (worker/capture_reader.h) from the oldest packet on, writes pcapng files, ends them in time. A
// capture that cannot be written is counted and said; packets never wait for it.
//
// Threads: the control thread asks by `request` and `counts`; all else is on a thread of its own, since a
// disk may keep a writer for seconds and the control thread has a watchdog to serve. No worker runs when it
// ends.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "dataplane/control/capture_files.h"
#include "dataplane/control/pcapng_file.h"
#include "dataplane/worker/worker.h"
#include "policy/model/settings.h"

namespace weir::dataplane {

inline constexpr TimeNs kCaptureLongest = 3'600 * kSecond;
inline constexpr TimeNs kCaptureAfterBlock = 2 * kSecond;
inline constexpr std::uint32_t kBlockCapturesPerMinute = 30;  // so that a loop does not push out all others
inline constexpr std::size_t kCapturesRemembered = 64;        // that ended, for `list`

struct CaptureCounts {
  std::uint64_t started = 0;
  std::uint64_t refused = 0;  // blocked flows beyond kCapturesMax at once or kBlockCapturesPerMinute
  std::uint64_t failed = 0;   // the disk
  std::uint64_t running = 0;
};

class CaptureDesk {
 public:
  CaptureDesk(const Settings& settings, std::span<const std::unique_ptr<Worker>> workers);
  ~CaptureDesk();
  CaptureDesk(const CaptureDesk&) = delete;
  CaptureDesk& operator=(const CaptureDesk&) = delete;

  /// {"op":"capture", "do":"start"|"list"|"stop"}; start: "flow", "worker", "address", "port", "for",
  /// "reason"; stop: "id".
  [[nodiscard]] nlohmann::json request(std::string_view line, std::uint32_t uid);
  [[nodiscard]] CaptureCounts counts() const;

 private:
  struct Wish {
    CaptureFilter filter;
    std::optional<std::size_t> worker;  // none: all
    TimeNs duration = 0;
    std::string comment;
    std::string what;  // for the file's name
  };
  struct Capture {
    std::uint64_t id = 0;
    Wish wish;
    std::unique_ptr<PcapngFile> file;
    std::string path;
    std::string state = "running";  // running | ended | full | failed
    TimeNs ends = 0;                // monotonic
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t missed_bytes = 0;
    std::vector<std::uint64_t> next;  // position in each worker's ring; 0: from the oldest
    std::vector<bool> asked;          // by worker: what it was asked last is for this capture too
    std::vector<bool> finished;       // by worker: read up to the end
  };
  struct Reader {
    CaptureRequest request;
    bool asked = false;
    bool watching = false;  // the worker looks for packets
    TimeNs asked_at = 0;
  };
  struct Command {
    std::uint64_t id = 0;
    std::optional<Wish> start;  // none: stop
  };

  [[nodiscard]] Result<Wish> understand(const nlohmann::json& wanted) const;
  void run();
  [[nodiscard]] bool turn();
  void take_commands();
  void take_triggers();
  void begin(std::uint64_t id, Wish wish);
  void serve(std::size_t worker);
  void ask(std::size_t worker);
  void take(std::size_t worker);
  void write(Capture& capture, std::size_t worker, const CaptureRequest& request);
  void end(Capture& capture, const char* state);
  void say_state();
  [[nodiscard]] nlohmann::json describe(const Capture& capture) const;

  const Settings& settings_;
  std::span<const std::unique_ptr<Worker>> workers_;

  mutable std::mutex mutex_;  // between the control thread and the desk's; both hold it for moments
  std::condition_variable wake_;
  std::deque<Command> commands_;
  nlohmann::json listed_ = nlohmann::json::array();
  CaptureCounts counts_;
  std::uint64_t next_id_ = 1;
  bool stop_ = false;

  // The desk's thread alone, from here on.
  CaptureFiles files_;
  std::vector<std::string> interfaces_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<std::unique_ptr<Capture>> running_;
  std::deque<nlohmann::json> ended_;
  TimeNs minute_ = 0;
  std::uint32_t in_minute_ = 0;
  std::thread thread_;
};

}  // namespace weir::dataplane
