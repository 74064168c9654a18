// SPDX-License-Identifier: Apache-2.0
#include "policy/notify/delivery.h"

#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>

#include "policy/model/wall_clock.h"

namespace weir::notify {
namespace {

bool readable(int descriptor, std::chrono::milliseconds wait) {
  pollfd one{descriptor, POLLIN, 0};
  return poll(&one, 1, static_cast<int>(wait.count())) > 0;
}

void serve(const NotificationReceiver& receiver, const Spool& spool, int stop_descriptor) {
  Delivery delivery{receiver, spool, [stop_descriptor] { return readable(stop_descriptor, {}); }};
  std::string said;
  bool more = false;
  while (!readable(stop_descriptor, more ? std::chrono::milliseconds{0} : kSpoolLook)) {
    const auto turned = delivery.turn(wall_clock());
    more = turned.value_or(false);
    const std::string what = turned ? "" : to_text(turned.error());
    if (std::exchange(said, what) != what && !what.empty())  // an error that lasts is said once
      spdlog::error("spool-unusable receiver={} what=\"{}\"", receiver.name, what);
  }
}

}  // namespace

TimeNs retry_after(std::uint32_t tries) {
  constexpr std::uint32_t kDoublingsMax = 20;
  return std::min(kRetryMax, kRetryFirst << std::min(tries - 1, kDoublingsMax));
}

Result<bool> Delivery::turn(TimeNs now) {
  const auto waiting = spool_.keys(receiver_.name, Box::kWaiting);
  if (waiting.empty()) return false;
  const std::string& key = waiting.front();
  Progress progress = spool_.progress(receiver_.name);
  const bool clock_is_sane = progress.next_try <= now + kRetryMax;
  if (progress.key == key && now < progress.next_try && clock_is_sane) return false;
  const auto message = spool_.read(receiver_.name, Box::kWaiting, key);
  if (!message) {
    if (auto ended = spool_.end(receiver_.name, key, Box::kFailed); !ended)
      return tl::unexpected(ended.error());
    return tl::unexpected(message.error());
  }
  if (progress.key != key) {
    progress.key = key;
    progress.tries = 0;
  }
  // Counted before it is tried, so that a try that kills the process is one of the few, too.
  ++progress.tries;
  progress.next_try = now + retry_after(progress.tries);
  if (auto saved = spool_.save(receiver_.name, progress); !saved) return tl::unexpected(saved.error());
  const Sending sending = send(receiver_, *message, now, stop_);
  if (auto settled = settle(*message, sending, now); !settled) return tl::unexpected(settled.error());
  return sending.outcome != Outcome::kLater;
}

Result<void> Delivery::settle(const Message& message, const Sending& sending, TimeNs now) {
  Progress progress = spool_.progress(receiver_.name);
  progress.error = sending.what;
  if (sending.outcome == Outcome::kSent) {
    if (auto ended = spool_.end(receiver_.name, message.key, Box::kSent); !ended) return ended;
    spdlog::info("notification-sent receiver={} key={} tries={}", receiver_.name, message.key,
                 progress.tries);
    ++progress.sent;
    progress.last_sent = now;
  } else if (sending.outcome == Outcome::kRefused || now - message.made >= receiver_.give_up) {
    if (auto ended = spool_.end(receiver_.name, message.key, Box::kFailed); !ended) return ended;
    spdlog::error("notification-given-up receiver={} key={} tries={} what=\"{}\"", receiver_.name,
                  message.key, progress.tries, sending.what);
    ++progress.failed;
  } else {
    if (progress.tries == 1)
      spdlog::warn("notification-delayed receiver={} key={} what=\"{}\"", receiver_.name, message.key,
                   sending.what);
    return spool_.save(receiver_.name, progress);
  }
  progress.key.clear();
  progress.tries = 0;
  progress.next_try = 0;
  return spool_.save(receiver_.name, progress);
}

void deliver(const std::vector<NotificationReceiver>& receivers, const Spool& spool, int stop_descriptor) {
  std::vector<std::jthread> threads;
  threads.reserve(receivers.size());
  for (const NotificationReceiver& receiver : receivers)
    threads.emplace_back([&receiver, &spool, stop_descriptor] { serve(receiver, spool, stop_descriptor); });
  pollfd stop{stop_descriptor, POLLIN, 0};
  while (poll(&stop, 1, -1) <= 0) {
  }
}

}  // namespace weir::notify
