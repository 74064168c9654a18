// SPDX-License-Identifier: Apache-2.0
// Work that takes longer than an answer may: it runs in a thread of its own, says how far it is, can be
// cancelled, and belongs to the account that asked for it. Of all desks together; gone with the process.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "policy/ctl/output.h"
#include "policy/ctl/progress.h"
#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::console {

inline constexpr std::size_t kJobsRunningMax = 2;  // of all accounts together
inline constexpr std::size_t kJobsKept = 16;       // that ended; the oldest go

class Jobs {
 public:
  /// What a job is given: whether it is to go on, and whom to tell how far it is.
  struct Control {
    std::function<bool()> goes_on;
    std::function<void(const ctl::HowFar&)> tell;
  };
  /// Its result as the API gives it. After a cancel whatever it returns is nobody's.
  using Work = std::function<Result<ctl::Json>(const Control&)>;

  Jobs() = default;
  ~Jobs();  // cancels all, and waits for them
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  /// Its id. kLimit: so many run already.
  [[nodiscard]] Result<std::string> start(const std::string& owner, std::string kind, TimeNs now, Work work);
  /// Job of the API; nullopt: this account has none of that id.
  [[nodiscard]] std::optional<ctl::Json> show(const std::string& owner, const std::string& id);
  /// False: likewise. One that ended stays as it is.
  [[nodiscard]] bool cancel(const std::string& owner, const std::string& id);
  /// JobTick of the API for each of the account's, the newest first.
  [[nodiscard]] ctl::Json ticks(const std::string& owner);

 private:
  enum class State : std::uint8_t { kRunning, kDone, kCancelled, kFailed };
  struct Job {
    std::string id;
    std::string owner;
    std::string kind;
    TimeNs begun = 0;
    State state = State::kRunning;
    ctl::HowFar far{};
    ctl::Json result = nullptr;
    std::string why{};  // it failed
    std::atomic<bool> cancelled = false;
    std::thread thread{};
  };

  void run(Job& job, const Work& work);
  [[nodiscard]] Job* find(const std::string& owner, const std::string& id);
  [[nodiscard]] static ctl::Json tick(const Job& job);
  void forget_old();

  std::mutex mutex_;     // of all below but `cancelled`
  std::list<Job> jobs_;  // the newest first
  TimeNs last_id_ = 0;
};

}  // namespace weir::console
