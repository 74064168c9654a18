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

std::string progress_text(std::uint64_t done, std::uint64_t of, std::uint64_t events, double seconds,
                          TimeNs recorded) {
  const double part = of == 0 ? 1.0 : static_cast<double>(std::min(done, of)) / static_cast<double>(of);
  const auto filled = static_cast<std::size_t>(part * kBarWidth);
  std::string text = fmt::format("[{:#<{}}{:.<{}}] {:3.0f} %  {} events", "", filled, "", kBarWidth - filled,
                                 part * 100, events);
  if (seconds > 0) text += fmt::format(", {:.0f} a second", static_cast<double>(events) / seconds);
  if (part > 0 && seconds > 0) text += fmt::format(", {:.0f} s left", seconds / part - seconds);
  return text + ", back to " + time_text(recorded);
}

Progress::Progress(std::uint64_t entries) : entries_(entries), shown_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawn_) std::fputc('\n', stderr);
}

void Progress::step(std::uint64_t events, TimeNs recorded) {
  ++done_;
  if (!shown_) return;
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + kRedrawn;
  drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  std::fprintf(stderr, "\r%s\x1b[K", progress_text(done_, entries_, events, seconds, recorded).c_str());
}

void Progress::skip(std::uint64_t entries) {
  entries_ -= std::min(entries, entries_ - std::min(done_, entries_));
}

}  // namespace weir::ctl
