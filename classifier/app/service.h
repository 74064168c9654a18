// SPDX-License-Identifier: Apache-2.0
// The classifier as a process: attaches to the data plane's channel, attaches again when the data plane
// restarts, hands requests to the Classifier and its answers back, and looks at control requests and signals
// in between.
//
// Threads: one; the publisher and a policy reload have theirs.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "classifier/app/control_server.h"
#include "classifier/app/live_file.h"
#include "classifier/app/policy_loader.h"
#include "classifier/engine/classifier.h"
#include "classifier/publish/fact_listener.h"

namespace weir::classifier {

inline constexpr int kControlIntervalMs = 50;           // longest time without a look at control requests
inline constexpr std::uint32_t kRequestsPerTurn = 256;  // handled before the next look
inline constexpr std::chrono::milliseconds kAttachPauseMax{250};
inline constexpr std::chrono::milliseconds kReplayAttachPauseMax{10};

/// Set by signal handlers, read by the service.
struct Signals {
  std::atomic<bool> stop{false};
  std::atomic<bool> reload{false};
};

struct ServiceOptions {
  std::string channel_path;
  std::string policy_path;  // empty: reload is refused (a replay)
  std::uint32_t worker = 0;
  bool replay = false;  // ends with the data plane; a data plane that does not come is an error
  std::chrono::milliseconds replay_attach_max{10'000};
  std::vector<LiveFile*> live_files{};  // looked at in between; they outlive the service
  FactListener* facts = nullptr;        // of quotas; outlives the service; null: nobody says any (a replay)
};

class Service {
 public:
  Service(ServiceOptions options, Classifier& classifier, EventSink& sink,
          std::optional<ControlServer> control, Signals& signals);

  /// Until a signal says stop, or in a replay until the data plane is done. False: a replay that never
  /// attached.
  [[nodiscard]] bool run();
  /// One control request and its answer; nullopt: it comes later. For tests too.
  [[nodiscard]] std::optional<std::string> handle(std::string_view line);

 private:
  struct Attached;
  [[nodiscard]] std::unique_ptr<Attached> attach();
  void serve(Attached& attached);
  [[nodiscard]] bool turn(Attached& attached);
  void look_around();
  void finish_reload(const ResultAll<PolicyInForce>& loaded);
  [[nodiscard]] std::string status() const;
  [[nodiscard]] std::string metrics() const;
  void pause(std::chrono::milliseconds time);

  ServiceOptions options_;
  Classifier& classifier_;
  EventSink& sink_;
  std::optional<ControlServer> control_;
  Signals& signals_;
  PolicyReload reload_;
  std::vector<ControlServer::ClientId> reload_waiters_;
  std::chrono::steady_clock::time_point looked_{};
  bool attached_ = false;
};

}  // namespace weir::classifier
