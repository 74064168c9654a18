// SPDX-License-Identifier: Apache-2.0
// weirctl top: what happens now, again and again, until q or Ctrl-C; with --once, or where nobody sees a
// terminal, one time. Plain ANSI: it needs no more than clearing a screen.
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <thread>

#include "policy/ctl/context.h"
#include "policy/ctl/control_client.h"
#include "policy/ctl/top_rates.h"
#include "policy/ctl/top_screen.h"

namespace weir::ctl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kFlowsAsked = 200;  // the busiest since they began, by bytes or packets
constexpr unsigned char kControlC = 3;

volatile std::sig_atomic_t stopped = 0;

/// The screen and the keyboard, given back as they were.
class Terminal {
 public:
  Terminal() {
    if (tcgetattr(STDIN_FILENO, &before_) == 0) {
      termios raw = before_;
      raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
      raw_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
    print("\x1b[?1049h\x1b[?25l");  // another screen, no cursor
  }
  ~Terminal() {
    print("\x1b[?25h\x1b[?1049l");
    if (raw_) static_cast<void>(tcsetattr(STDIN_FILENO, TCSANOW, &before_));
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  static void show(const std::string& screen) {
    std::string text = "\x1b[H";
    for (const char c : screen) text += c == '\n' ? "\x1b[K\r\n" : std::string(1, c);
    // Without the last line end: it would scroll.
    if (text.ends_with("\r\n")) text.resize(text.size() - 2);
    print(text + "\x1b[J");
  }
  /// False: the operator wants to end.
  [[nodiscard]] bool wait_until(Clock::time_point when) const {
    while (stopped == 0) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - Clock::now()).count();
      if (left <= 0) return true;
      pollfd keyboard{raw_ ? STDIN_FILENO : -1, POLLIN, 0};
      if (poll(&keyboard, 1, static_cast<int>(left)) <= 0) continue;
      unsigned char key = 0;
      if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == kControlC) return false;
    }
    return false;
  }

 private:
  termios before_{};
  bool raw_ = false;
};

ScreenSize screen_size() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

struct TopOptions {
  double interval_s = 1;
  bool once = false;
  std::string by = "bytes";
};

Result<TopReading> read_state(const Settings& settings, const std::string& by) {
  auto status = ask(control_socket(settings), {{"op", "status"}});
  if (!status) return tl::unexpected(status.error());
  auto flows = ask(control_socket(settings), {{"op", "flows"}, {"limit", kFlowsAsked}, {"by", by}});
  if (!flows) return tl::unexpected(flows.error());
  return TopReading{std::move(*status), std::move(*flows)};
}

void watch(Context& context, const Settings& settings, const TopOptions& options) {
  const auto interval =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.interval_s));
  const bool live = !options.once && isatty(STDOUT_FILENO) == 1;
  auto before = read_state(settings, options.by);
  auto at = Clock::now();
  if (!before) return context.fail(before.error());
  const auto terminal = live ? std::make_unique<Terminal>() : nullptr;
  while (true) {
    if (terminal == nullptr) {
      std::this_thread::sleep_for(interval);
    } else if (!terminal->wait_until(at + interval)) {
      return;
    }
    auto after = read_state(settings, options.by);
    const auto now = Clock::now();
    if (!after) return context.fail(after.error());
    const double seconds = std::chrono::duration<double>(now - at).count();
    const Json rates = top_rates(*before, *after, seconds, options.by);
    if (terminal != nullptr) {
      Terminal::show(top_screen(rates, screen_size()));
    } else if (context.format_or(Format::kTable) == Format::kJson) {
      return print(rates.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    } else {
      return print(top_screen(rates, {}));
    }
    before = std::move(after);
    at = now;
  }
}

}  // namespace

void add_top(CLI::App& app, Context& context) {
  auto options = std::make_shared<TopOptions>();
  CLI::App* command = add_command(app, "top", "rates of ports, drops, flows and clients, live; q ends it",
                                  context, [options](Context& used) {
                                    const auto settings = used.settings();
                                    if (!settings) return;
                                    std::signal(SIGTERM, [](int) { stopped = 1; });
                                    std::signal(SIGHUP, [](int) { stopped = 1; });
                                    watch(used, *settings, *options);
                                  });
  command->add_option("--interval", options->interval_s, "seconds between two looks")
      ->check(CLI::Range(0.1, 60.0))
      ->capture_default_str();
  command->add_flag("--once", options->once, "two looks, one screen of 80 by 24, end; -o json too");
  command->add_option("--by", options->by, "what makes a flow busy")
      ->check(CLI::IsMember({"bytes", "packets"}))
      ->capture_default_str();
}

}  // namespace weir::ctl
