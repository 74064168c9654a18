// SPDX-License-Identifier: Apache-2.0
// A kernel bridge over the two interfaces of a pair, and nothing else in it. Only a bridge of our own name is
// ever touched; an interface that belongs to somebody else's bridge is left there and said.
#pragma once

#include <array>
#include <string>

#include "dataplane/bypass/kernel_links.h"

namespace weir::dataplane {

class KernelBridge {
 public:
  KernelBridge(std::string name, std::array<std::string, 2> interfaces)
      : name_(std::move(name)), interfaces_(std::move(interfaces)) {}

  /// Both interfaces are in it and all three are up: frames pass, unless XDP takes them first.
  [[nodiscard]] Result<bool> stands() const;
  /// Makes what is missing of that.
  [[nodiscard]] Result<void> put_up() const;
  [[nodiscard]] Result<void> take_down() const;
  /// Fails when the two interfaces are in one bridge of somebody else, which would pass frames beside Weir.
  [[nodiscard]] Result<void> check_no_other() const;

 private:
  std::string name_;
  std::array<std::string, 2> interfaces_;
};

}  // namespace weir::dataplane
