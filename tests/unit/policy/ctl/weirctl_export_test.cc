// SPDX-License-Identifier: Apache-2.0
// weirctl export, and what weirctl metrics says of weir-export and the engine.
#include <gmock/gmock.h>
#include <pwd.h>

#include "policy/ctl/engine_metrics.h"
#include "tests/unit/policy/ctl/weirctl.h"

namespace weir::ctl {
namespace {

using ::testing::HasSubstr;

class WeirctlExport : public ::testing::Test {
 protected:
  WeirctlExport() {
    const passwd* self = getpwuid(geteuid());
    weirctl_.write("weir.yaml",
                   weirctl_.settings() + "export: {user: " + (self != nullptr ? self->pw_name : "") +
                       "}\noutputs:\n  - {name: eve, format: eve, to: \"file:" + weirctl_.file("eve.json") +
                       "\", types: [dns], severity: critical}\n  - {name: siem, format: cef, to: \"unix:" +
                       weirctl_.file("nobody") + "\", people: clear}\n");
  }
  test::Weirctl weirctl_;
};

TEST_F(WeirctlExport, ListsTheOutputs) {
  const test::Ran ran = weirctl_({"-o", "csv", "export", "list"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("eve,eve,file:" + weirctl_.file("eve.json") + ",dns,critical,none"));
  EXPECT_THAT(ran.out, HasSubstr("siem,cef,unix:" + weirctl_.file("nobody") + ",flow alert,info,clear"));
}

TEST_F(WeirctlExport, SendsASampleWhateverTheFilterIs) {
  const test::Ran ran = weirctl_({"export", "test", "eve"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("weir-export-test"));
  const std::string text = test::read_whole(weirctl_.file("eve.json"));
  EXPECT_THAT(text, HasSubstr("\"event_type\":\"alert\""));
  EXPECT_THAT(text, HasSubstr("\"event_type\":\"flow\""));
  EXPECT_THAT(text, HasSubstr("\"signature\":\"weir-export-test\""));
}

TEST_F(WeirctlExport, SaysWhyItDoesNotArrive) {
  const test::Ran nobody = weirctl_({"export", "test", "siem"});
  EXPECT_EQ(nobody.code, 4);
  EXPECT_THAT(nobody.err, HasSubstr("cannot connect to unix:"));
  const test::Ran unknown = weirctl_({"export", "test", "other"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("the settings have no output other (weirctl export list"));
}

TEST_F(WeirctlExport, MetricsHaveWhatItCounts) {
  EXPECT_THAT(weirctl_({"metrics"}).out, HasSubstr("weir_up{part=\"export\"} 0\n"));
  std::filesystem::create_directories(weirctl_.file("run/export"));
  weirctl_.write("run/export/metrics",
                 "# HELP weir_x_total X.\n# TYPE weir_x_total counter\nweir_x_total{output=\"eve\"} 7\n");
  const test::Ran fresh = weirctl_({"metrics"});
  EXPECT_THAT(fresh.out, HasSubstr("weir_x_total{output=\"eve\"} 7\n"));
  EXPECT_THAT(fresh.out, HasSubstr("weir_up{part=\"export\"} 1\n"));
  std::filesystem::last_write_time(weirctl_.file("run/export/metrics"),
                                   std::filesystem::file_time_type::clock::now() - std::chrono::minutes{1});
  EXPECT_THAT(weirctl_({"metrics"}).out, HasSubstr("weir_up{part=\"export\"} 0\n"))
      << "nobody writes it any more";
}

TEST_F(WeirctlExport, StatusSaysWhichReceiversAreNotReached) {
  EXPECT_EQ(weirctl_({"-o", "json", "status"}).json()["export"]["ok"], false);
  std::filesystem::create_directories(weirctl_.file("run/export"));
  weirctl_.write("run/export/metrics",
                 "weir_export_connected{output=\"eve\",format=\"eve\"} 1\n"
                 "weir_export_connected{output=\"siem\",format=\"cef\"} 0\n");
  EXPECT_EQ(weirctl_({"-o", "json", "status"}).json()["export"],
            (nlohmann::json{{"ok", true}, {"outputs", 2}, {"disconnected", {"siem"}}}));
  EXPECT_THAT(weirctl_({"status"}).out, HasSubstr("2 outputs, siem does not reach its receiver"));
}

TEST(EngineMetrics, HaveWhatTheStoreCounts) {
  const std::string text = engine_metrics({{"events_applied", 7}, {"heartbeat_ns", 3 * kSecond}}, 2);
  EXPECT_THAT(text, HasSubstr("weir_engine_events_total 7\n"));
  EXPECT_THAT(text, HasSubstr("weir_engine_events_gone_total 0\n"));
  EXPECT_THAT(text, HasSubstr("weir_engine_events_missing 2\n"));
  EXPECT_THAT(text, HasSubstr("weir_engine_heartbeat_timestamp_seconds 3\n"));
}

}  // namespace
}  // namespace weir::ctl
