// SPDX-License-Identifier: Apache-2.0
#include "dataplane/bypass/kernel_bridge.h"

#include <fmt/format.h>

namespace weir::dataplane {
namespace {

Result<KernelLink> must_find(KernelLinks& links, const std::string& name) {
  auto found = links.find(name);
  if (!found) return tl::unexpected(found.error());
  if (!found->has_value()) {
    return failure(ErrorCode::kNotFound, fmt::format("there is no interface {}", name));
  }
  return **found;
}

tl::unexpected<Error> not_ours(const std::string& name) {
  return failure(ErrorCode::kInvalid, fmt::format("{} exists and is no bridge of Weir's", name),
                 "rename or remove it");
}

Result<KernelLink> find_or_make(KernelLinks& links, const std::string& name) {
  auto found = links.find(name);
  if (!found) return tl::unexpected(found.error());
  if (found->has_value() && !(*found)->is_bridge) return not_ours(name);
  if (found->has_value()) return **found;
  if (auto made = links.make_bridge(name); !made) return tl::unexpected(made.error());
  auto bridge = must_find(links, name);
  if (!bridge) return bridge;
  if (auto quiet = links.silence(*bridge); !quiet) return tl::unexpected(quiet.error());
  return bridge;
}

Result<void> put_into(KernelLinks& links, const std::string& interface, const KernelLink& bridge) {
  auto port = must_find(links, interface);
  if (!port) return tl::unexpected(port.error());
  if (port->master != 0 && port->master != bridge.index) {
    return failure(ErrorCode::kInvalid, fmt::format("{} belongs to another bridge", interface),
                   "take it out there; a port of Weir's belongs to nobody else");
  }
  if (!port->up) {
    // Taken from the user's hands a moment ago (vfio): it must not speak when it comes up.
    if (auto quiet = links.silence(*port); !quiet) return quiet;
    if (auto up = links.set_up(*port); !up) return up;
  }
  if (port->master == bridge.index) return {};
  return links.set_master(*port, bridge.index);
}

}  // namespace

Result<bool> KernelBridge::stands() const {
  auto links = KernelLinks::open();
  if (!links) return tl::unexpected(links.error());
  auto bridge = links->find(name_);
  if (!bridge) return tl::unexpected(bridge.error());
  if (!bridge->has_value() || !(*bridge)->up) return false;
  for (const std::string& interface : interfaces_) {
    auto port = links->find(interface);
    if (!port) return tl::unexpected(port.error());
    if (!port->has_value() || !(*port)->up || (*port)->master != (*bridge)->index) return false;
  }
  return true;
}

Result<void> KernelBridge::put_up() const {
  auto links = KernelLinks::open();
  if (!links) return tl::unexpected(links.error());
  auto bridge = find_or_make(*links, name_);
  if (!bridge) return tl::unexpected(bridge.error());
  for (const std::string& interface : interfaces_) {
    if (auto done = put_into(*links, interface, *bridge); !done) return done;
  }
  return links->set_up(*bridge);
}

Result<void> KernelBridge::take_down() const {
  auto links = KernelLinks::open();
  if (!links) return tl::unexpected(links.error());
  auto bridge = links->find(name_);
  if (!bridge) return tl::unexpected(bridge.error());
  if (!bridge->has_value()) return {};
  if (!(*bridge)->is_bridge) return not_ours(name_);
  return links->remove(**bridge);
}

Result<void> KernelBridge::check_no_other() const {
  auto links = KernelLinks::open();
  if (!links) return tl::unexpected(links.error());
  std::array<unsigned, 2> masters{};
  for (std::size_t i = 0; i < interfaces_.size(); ++i) {
    auto port = links->find(interfaces_[i]);
    if (!port) return tl::unexpected(port.error());
    if (port->has_value()) masters[i] = (*port)->master;
  }
  if (masters[0] == 0 || masters[0] != masters[1]) return {};
  return failure(ErrorCode::kInvalid,
                 fmt::format("{} and {} are in one bridge, which would pass each frame a second time",
                             interfaces_[0], interfaces_[1]),
                 "take them out of it");
}

}  // namespace weir::dataplane
