// SPDX-License-Identifier: Apache-2.0
// Starts DPDK's environment once per process: memory with or without hugepages, the threads' cores, the
// devices that the settings name and no others. Does not open ports (port.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "policy/model/error.h"

namespace weir::dataplane {

struct EalOptions {
  bool hugepages = true;           // true: used where the kernel has free ones
  std::uint32_t megabytes = 256;   // of ordinary memory when there are no hugepages
  std::vector<std::string> cores;  // one per worker; empty entries float over all cores
  std::uint32_t workers = 0;       // worker threads to make besides the main one
};

class Eal {
 public:
  /// `devices`: PCI addresses are handed to DPDK at start; virtual devices are made by Port::open.
  [[nodiscard]] static Result<std::unique_ptr<Eal>> start(const EalOptions& options,
                                                          const std::vector<std::string>& devices);
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  [[nodiscard]] bool uses_hugepages() const { return hugepages_; }

 private:
  explicit Eal(bool hugepages) : hugepages_(hugepages) {}
  bool hugepages_;
};

/// "0000:03:00.0" or "03:00.0", as opposed to a virtual device such as "net_null0,size=64".
[[nodiscard]] bool is_pci_address(const std::string& device);

/// The cores for `workers` worker threads. `wanted` is "auto" or a list such as "1,2". Auto pins the workers
/// to the last of the process's cores when one is left for everything else, otherwise it pins none.
[[nodiscard]] Result<std::vector<std::string>> worker_cores(const std::string& wanted, std::uint32_t workers);

}  // namespace weir::dataplane
