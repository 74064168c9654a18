// SPDX-License-Identifier: Apache-2.0
// How many connections there may be, and which one ends for another. It knows nothing of sockets; one thread
// uses it.
#pragma once

#include <list>
#include <map>
#include <string>

#include "policy/console/server.h"

namespace weir::console {

/// A connection that waits for its peer, which is when it can be ended for another.
class Guest {
 public:
  virtual void evict() = 0;

 protected:
  ~Guest() = default;
};

/// The connections that are open, in all and by address, and those that wait for their peers: who holds all
/// of them open and says nothing keeps nobody out.
class Doors {
 public:
  using Place = std::list<Guest*>::iterator;

  /// With all open, for one that has waited longest.
  [[nodiscard]] bool enter(const std::string& address) {
    if (open_ >= kConnectionsMax && waiting_.empty()) return false;
    std::size_t& count = by_address_[address];
    if (count >= kConnectionsPerAddressMax) return false;
    ++count;
    ++open_;
    if (open_ > kConnectionsMax) {
      Guest* const longest = waiting_.front();
      waiting_.pop_front();
      longest->evict();
    }
    return true;
  }
  void leave(const std::string& address) {
    --open_;
    if (--by_address_[address] == 0) by_address_.erase(address);
  }
  [[nodiscard]] Place wait(Guest* guest) { return waiting_.insert(waiting_.end(), guest); }
  void wait_no_longer(Place place) { waiting_.erase(place); }

 private:
  std::size_t open_ = 0;
  std::map<std::string, std::size_t> by_address_;
  std::list<Guest*> waiting_;  // who waits longest first
};

}  // namespace weir::console
