// SPDX-License-Identifier: Apache-2.0
#include "policy/export/service.h"

#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "policy/export/output.h"

namespace weir::output {
namespace {

constexpr std::chrono::milliseconds kMetricsEvery{1'000};

/// The next signal; 0: none within `wait`.
int next_signal(int signals, std::chrono::milliseconds wait) {
  pollfd one{signals, POLLIN, 0};
  signalfd_siginfo about{};
  if (poll(&one, 1, static_cast<int>(wait.count())) <= 0) return 0;
  return read(signals, &about, sizeof about) == sizeof about ? static_cast<int>(about.ssi_signo) : 0;
}

/// Until that works: Redis may come up later than this process.
void tidy_up(const Settings& settings, bool& done, std::string& said) {
  const auto removed = remove_old_groups(settings);
  if (!removed) {
    if (std::exchange(said, removed.error().what) != removed.error().what)
      spdlog::error("old-groups-stay what=\"{}\"", to_text(removed.error()));
    return;
  }
  for (const std::string& group : *removed)
    spdlog::info("group-removed group={} reason=no-such-output", group);
  done = true;
}

}  // namespace

void serve(const Settings& settings, const std::optional<policy::Pseudonyms>& pseudonyms, int signals) {
  const int stop = eventfd(0, EFD_CLOEXEC);
  std::vector<std::unique_ptr<Output>> outputs;
  std::vector<CountedOutput> counted;
  std::vector<std::thread> threads;
  for (const OutputSettings& one : settings.outputs) {
    outputs.push_back(std::make_unique<Output>(settings, one, pseudonyms));
    counted.push_back(outputs.back()->counted());
  }
  for (const auto& output : outputs) threads.emplace_back([&output, stop] { output->run(stop); });
  bool tidied = false;
  std::string said;
  for (int signal = 0; signal != SIGTERM && signal != SIGINT; signal = next_signal(signals, kMetricsEvery)) {
    if (signal == SIGUSR1) {
      for (const auto& output : outputs) output->reopen();
    }
    if (!tidied) tidy_up(settings, tidied, said);
    const auto written = write_metrics(export_metrics_file(settings), metrics_text(counted));
    if (!written && std::exchange(said, written.error().what) != written.error().what)
      spdlog::error("metrics-not-written what=\"{}\"", to_text(written.error()));
  }
  const std::uint64_t one = 1;
  if (write(stop, &one, sizeof one) < 0) spdlog::error("outputs-not-told-to-stop");  // an eventfd takes it
  for (std::thread& thread : threads) thread.join();
  static_cast<void>(write_metrics(export_metrics_file(settings), metrics_text(counted)));
  close(stop);
}

}  // namespace weir::output
