// SPDX-License-Identifier: Apache-2.0
// The threads that work out answers. They share nothing with the thread of the connections but what is
// posted.
#pragma once

#include <boost/asio.hpp>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "policy/console/pages.h"
#include "policy/console/server.h"

namespace weir::console {

/// Some threads, each with a number of its own, and what waits for them.
class Lane {
 public:
  Lane(std::size_t first, std::size_t threads, std::size_t waiting_max)
      : pool_(threads), waiting_max_(waiting_max) {
    for (std::size_t i = 0; i < threads; ++i) free_.push_back(first + i);
  }
  /// `done` gets in `context` what `answer` gave in a thread. False: too many wait already.
  template <typename Answer, typename Done>
  bool ask(boost::asio::io_context& context, Answer answer, Done done) {
    if (waiting_ >= waiting_max_) return false;
    ++waiting_;
    boost::asio::post(pool_, [this, &context, answer = std::move(answer), done = std::move(done)]() mutable {
      const std::size_t mine = take();
      Response response = answer(mine);
      give_back(mine);
      boost::asio::post(context, [this, response = std::move(response), done = std::move(done)]() mutable {
        --waiting_;
        done(std::move(response));
      });
    });
    return true;
  }
  void join() { pool_.join(); }

 private:
  std::size_t take() {
    const std::scoped_lock lock{mutex_};
    const std::size_t mine = free_.back();  // as many as the pool has threads
    free_.pop_back();
    return mine;
  }
  void give_back(std::size_t mine) {
    const std::scoped_lock lock{mutex_};
    free_.push_back(mine);
  }

  boost::asio::thread_pool pool_;
  std::size_t waiting_max_;
  std::size_t waiting_ = 0;  // of the thread of the connections
  std::mutex mutex_;
  std::vector<std::size_t> free_;
};

[[nodiscard]] inline bool is_login(const Request& request) {
  return request.method == "POST" &&
         (request.path().starts_with("/api/v1/session") || request.path().starts_with("/api/v1/setup"));
}

class Answerers {
 public:
  explicit Answerers(const ServerOptions& options) : options_(options) {}
  template <typename Done>
  bool ask(boost::asio::io_context& context, Request request, bool takes_gzip, Done done) {
    Lane& lane = is_login(request) ? logins_ : work_;
    return lane.ask(
        context,
        [this, takes_gzip, request = std::move(request)](std::size_t mine) {
          return answer(request, takes_gzip, mine);
        },
        std::move(done));
  }
  void join() {
    work_.join();
    logins_.join();
  }

 private:
  [[nodiscard]] Response answer(const Request& request, bool takes_gzip, std::size_t mine) const {
    if (request.path().starts_with("/api/")) return options_.answer(mine, request);
    if (request.method == "GET" || request.method == "HEAD")
      return page(options_.pages, request.path(), takes_gzip);
    return problem(405, "method-not-allowed");
  }

  const ServerOptions& options_;
  Lane work_{0, kWorkAnswerers, kWaitingMax};
  Lane logins_{kWorkAnswerers, kLoginAnswerers, kLoginsWaitingMax};
};

}  // namespace weir::console
