// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/notify_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"
#include "tests/unit/policy/ctl/weirctl.h"

namespace weir::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(NotifyMetrics, EachReceiverIsALabel) {
  notify::Progress progress;
  progress.tries = 4;
  progress.sent = 7;
  progress.failed = 2;
  progress.last_sent = 90 * kSecond + 1;
  const ReceiverState states[] = {
      {.name = "officers", .owed = 12, .waiting = 3, .progress = progress},
      {.name = "desk"},
  };
  const std::string text = notify_metrics(states);
  for (const char* line :
       {"weir_notify_sent_total{receiver=\"officers\"} 7\n",
        "weir_notify_failed_total{receiver=\"officers\"} 2\n",
        "weir_notify_waiting{receiver=\"officers\"} 3\n", "weir_notify_owed{receiver=\"officers\"} 12\n",
        "weir_notify_tries{receiver=\"officers\"} 4\n",
        "weir_notify_sent_timestamp_seconds{receiver=\"officers\"} 90\n",
        "weir_notify_sent_total{receiver=\"desk\"} 0\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("weir_notify_owed{receiver=\"desk\"}"))) << "nobody knows";
}

TEST(NotifyMetrics, AreOnThePageWhereThereAreReceivers) {
  test::Weirctl weirctl;
  EXPECT_THAT(weirctl({"metrics"}).out, Not(HasSubstr("weir_notify_")));
  const std::string settings = test::read_whole(weirctl.file("weir.yaml"));
  weirctl.write("weir.yaml",
                settings + "state_directory: " + weirctl.file("state") +
                    "\nnotifications:\n  - {name: log, kind: syslog, to: \"udp://127.0.0.1:5140\"}\n");
  std::filesystem::create_directories(weirctl.file("state/notify"));
  const notify::Spool spool{weirctl.file("state/notify")};
  ASSERT_TRUE(spool.prepare("log"));
  ASSERT_TRUE(spool.put({.key = "1", .receiver = "log", .made = 5, .title = "", .body = "line"}));
  notify::Progress progress;
  progress.sent = 3;
  ASSERT_TRUE(spool.save("log", progress));
  const std::string page = weirctl({"metrics"}).out;
  EXPECT_THAT(page, HasSubstr("weir_notify_sent_total{receiver=\"log\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("weir_notify_waiting{receiver=\"log\"} 1\n"));
}

}  // namespace
}  // namespace weir::ctl
