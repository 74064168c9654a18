// SPDX-License-Identifier: Apache-2.0
// The kernel's interfaces, by rtnetlink: what is there, bridges made and taken down, ports put into them.
// Each call is one question or one order and waits for the kernel's answer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "policy/model/error.h"

struct mnl_socket;
struct nlmsghdr;

namespace weir::dataplane {

struct KernelLink {
  unsigned index = 0;
  unsigned master = 0;  // index of the bridge it is a port of; 0: none
  bool up = false;
  bool is_bridge = false;
  std::uint8_t xdp = 0;  // XDP_ATTACHED_NONE, or how a program is attached (linux/if_link.h)
};

class KernelLinks {
 public:
  [[nodiscard]] static Result<KernelLinks> open();
  ~KernelLinks();
  KernelLinks(KernelLinks&& other) noexcept;
  KernelLinks(const KernelLinks&) = delete;
  KernelLinks& operator=(const KernelLinks&) = delete;

  /// nullopt: there is no such interface.
  [[nodiscard]] Result<std::optional<KernelLink>> find(const std::string& name);
  /// A bridge that is a wire: no spanning tree, no multicast snooping, and of the reserved group addresses
  /// all are forwarded that the kernel allows (not pause frames and LACP).
  [[nodiscard]] Result<void> make_bridge(const std::string& name);
  [[nodiscard]] Result<void> remove(const KernelLink& link);
  /// Into the bridge of this index; 0: out of any.
  [[nodiscard]] Result<void> set_master(const KernelLink& port, unsigned bridge);
  /// It never speaks for itself: no ARP, no IPv6 address made by the kernel.
  [[nodiscard]] Result<void> silence(const KernelLink& link);
  [[nodiscard]] Result<void> set_up(const KernelLink& link);
  /// The XDP program at it, if there is one, goes.
  [[nodiscard]] Result<void> take_off_xdp(const KernelLink& link);

 private:
  explicit KernelLinks(mnl_socket* socket) : socket_(socket) {}
  /// 0, or the errno that the kernel answers.
  [[nodiscard]] int order(nlmsghdr* message);
  [[nodiscard]] Result<void> flags(const KernelLink& link, unsigned wanted, const char* what);

  mnl_socket* socket_;
  unsigned sequence_ = 0;
};

}  // namespace weir::dataplane
