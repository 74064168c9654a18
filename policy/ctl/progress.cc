// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "policy/ctl/output.h"

namespace weir::ctl {
namespace {

constexpr std::chrono::milliseconds kRedrawn{250};
constexpr std::size_t kBarWidth = 20;  // characters

}  // namespace

double HowFar::part() const {
  return of == 0 ? 1.0 : static_cast<double>(std::min(done, of)) / static_cast<double>(of);
}

std::optional<double> HowFar::seconds_left() const {
  if (part() <= 0 || seconds <= 0) return std::nullopt;
  return seconds / part() - seconds;
}

std::string progress_text(const HowFar& far) {
  const auto filled = static_cast<std::size_t>(far.part() * kBarWidth);
  std::string text = fmt::format("[{:#<{}}{:.<{}}] {:3.0f} %  {} events", "", filled, "", kBarWidth - filled,
                                 far.part() * 100, far.events);
  if (far.seconds > 0)
    text += fmt::format(", {:.0f} a second", static_cast<double>(far.events) / far.seconds);
  if (const auto left = far.seconds_left()) text += fmt::format(", {:.0f} s left", *left);
  return text + ", back to " + time_text(far.recorded);
}

Progress::Progress(std::uint64_t entries, Tell tell)
    : entries_(entries), tell_(std::move(tell)), shown_(tell_ || isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawn_) std::fputc('\n', stderr);
}

void Progress::step(std::uint64_t events, TimeNs recorded) {
  ++done_;
  if (!shown_) return;
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + kRedrawn;
  const HowFar far{done_, entries_, events, std::chrono::duration<double>(now - begun_).count(), recorded};
  if (tell_) return tell_(far);
  drawn_ = true;
  std::fprintf(stderr, "\r%s\x1b[K", progress_text(far).c_str());
}

void Progress::skip(std::uint64_t entries) {
  entries_ -= std::min(entries, entries_ - std::min(done_, entries_));
}

}  // namespace weir::ctl
