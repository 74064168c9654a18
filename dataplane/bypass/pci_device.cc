// SPDX-License-Identifier: Apache-2.0
#include "dataplane/bypass/pci_device.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

namespace weir::dataplane {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUserDriver = "vfio-pci";
constexpr std::chrono::milliseconds kLookInterval{10};

/// One write, as sysfs wants it; the file is never made.
Result<void> write_word(const std::string& file, const std::string& word) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  const ssize_t put = fd < 0 ? -1 : ::write(fd, word.data(), word.size());
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (put == static_cast<ssize_t>(word.size())) return {};
  return failure(ErrorCode::kSystem, fmt::format("{}: {}", file, std::strerror(error)),
                 error == EACCES ? "this needs root" : "");
}

bool is_shared(const std::string& driver) { return driver == "mlx5_core" || driver == "mlx4_core"; }
bool is_users(const std::string& driver) {
  return driver == kUserDriver || driver == "uio_pci_generic" || driver == "igb_uio";
}

}  // namespace

std::string PciDevice::driver() const {
  std::error_code none;
  return fs::read_symlink(path("driver"), none).filename().string();
}

std::optional<std::string> PciDevice::interface() const {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(path("net"), none)) return entry.path().filename().string();
  return std::nullopt;
}

Result<std::string> PciDevice::give_to_kernel(std::chrono::milliseconds patience) const {
  const std::string bound = driver();
  if (bound.empty() || is_users(bound)) {
    // An empty override lets the kernel choose by its own table.
    if (auto done = rebind("\n"); !done) return tl::unexpected(done.error());
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    if (auto name = interface()) return *name;
    if (std::chrono::steady_clock::now() >= deadline) break;
    std::this_thread::sleep_for(kLookInterval);
  }
  return failure(ErrorCode::kSystem, fmt::format("PCI device {} has no interface in the kernel", address_),
                 "is the kernel's driver for it installed?");
}

Result<void> PciDevice::give_to_user() const {
  const std::string bound = driver();
  if (is_users(bound) || is_shared(bound)) return {};
  return rebind(kUserDriver);
}

Result<void> PciDevice::rebind(const std::string& override_with) const {
  if (auto done = write_word(path("driver_override"), override_with); !done) return done;
  if (!driver().empty()) {
    if (auto done = write_word(path("driver/unbind"), address_); !done) return done;
  }
  return write_word(sysfs_ + "/bus/pci/drivers_probe", address_);
}

}  // namespace weir::dataplane
