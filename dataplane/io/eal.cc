// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/eal.h"

#include <fmt/format.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <regex>

namespace weir::dataplane {
namespace {

std::uint64_t free_hugepages() {
  std::uint64_t free_pages = 0;
  std::error_code ignored;
  for (const auto& size : std::filesystem::directory_iterator("/sys/kernel/mm/hugepages", ignored)) {
    std::uint64_t pages = 0;
    std::ifstream(size.path() / "free_hugepages") >> pages;
    free_pages += pages;
  }
  return free_pages;
}

std::vector<unsigned> allowed_cores() {
  std::vector<unsigned> cores;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return cores;
  for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

/// DPDK's map of its threads to cores: "0@(0-1),1@1". Thread 0 is the main one and floats.
std::string lcore_map(const EalOptions& options) {
  const std::vector<unsigned> cores = allowed_cores();
  const std::string all = fmt::format("({})", fmt::join(cores, ","));
  std::string map = "0@" + all;
  for (std::uint32_t worker = 0; worker < options.workers; ++worker) {
    const bool pinned = worker < options.cores.size() && !options.cores[worker].empty();
    map += fmt::format(",{}@{}", worker + 1, pinned ? options.cores[worker] : all);
  }
  return map;
}

}  // namespace

bool is_pci_address(const std::string& device) {
  static const std::regex pattern("([0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7](,.*)?");
  return std::regex_match(device, pattern);
}

Result<std::vector<std::string>> worker_cores(const std::string& wanted, std::uint32_t workers) {
  const std::vector<unsigned> allowed = allowed_cores();
  std::vector<std::string> chosen(workers);
  if (wanted == "auto") {
    if (allowed.size() < workers + 2) return chosen;
    for (std::uint32_t worker = 0; worker < workers; ++worker) {
      chosen[worker] = std::to_string(allowed[allowed.size() - workers + worker]);
    }
    return chosen;
  }
  std::size_t at = 0;
  for (std::uint32_t worker = 0; worker < workers; ++worker) {
    const std::size_t end = std::min(wanted.find(',', at), wanted.size());
    const std::string text = at <= wanted.size() ? wanted.substr(at, end - at) : "";
    unsigned core = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), core);
    if (text.empty() || error != std::errc{} || stop != text.data() + text.size()) {
      return failure(ErrorCode::kInvalid,
                     fmt::format("cores '{}' does not name a core for worker {}", wanted, worker),
                     "write one core number per worker, or auto");
    }
    if (std::find(allowed.begin(), allowed.end(), core) == allowed.end()) {
      return failure(
          ErrorCode::kInvalid, fmt::format("core {} is not available to this process", core),
          fmt::format("available: {}; a pinned worker needs one of its own", fmt::join(allowed, ",")));
    }
    if (std::find(chosen.begin(), chosen.end(), std::to_string(core)) != chosen.end()) {
      return failure(ErrorCode::kInvalid, fmt::format("cores '{}' names core {} twice", wanted, core),
                     "a worker has its core for itself: fewer workers, or cores: auto");
    }
    chosen[worker] = std::to_string(core);
    at = end + 1;
  }
  return chosen;
}

Result<std::unique_ptr<Eal>> Eal::start(const EalOptions& options, const std::vector<std::string>& devices) {
  const bool hugepages = options.hugepages && free_hugepages() > 0;
  std::vector<std::string> words = {"weir-dataplane",
                                    "--no-telemetry",
                                    "--log-level=*:error",
                                    "--log-level=pmd.*:warning",
                                    fmt::format("--file-prefix=weir-{}", getpid()),
                                    "--main-lcore=0",
                                    "--lcores=" + lcore_map(options)};
  // Nothing is shared with other processes, and nothing is left on disk either way.
  if (hugepages) {
    words.emplace_back("--in-memory");
  } else {
    words.insert(words.end(),
                 {"--no-huge", "--no-shconf", "--iova-mode=va", "-m", std::to_string(options.megabytes)});
  }
  bool any_pci = false;
  for (const std::string& device : devices) {
    if (!is_pci_address(device)) continue;
    any_pci = true;
    words.insert(words.end(), {"-a", device});
  }
  if (!any_pci) words.emplace_back("--no-pci");

  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0) {
    return failure(ErrorCode::kSystem, fmt::format("DPDK does not start: {}", rte_strerror(rte_errno)),
                   hugepages ? "try memory: {hugepages: off}"
                             : "check memory.megabytes and that the process may lock memory");
  }
  return std::unique_ptr<Eal>(new Eal(hugepages));
}

Eal::~Eal() { static_cast<void>(rte_eal_cleanup()); }

}  // namespace weir::dataplane
