// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/metric_page.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/ctl/control_stub.h"
#include "tests/unit/policy/ctl/weirctl.h"

namespace weir::ctl {
namespace {

TEST(MetricPage, AMetricOfSeveralProcessesStandsThereOnce) {
  MetricPage page;
  page.add("no head 1\n# HELP a A.\n# TYPE a counter\na{worker=\"0\"} 1\n# HELP b B.\n# TYPE b gauge\nb 2\n");
  page.add("# HELP a A.\n# TYPE a counter\na{worker=\"1\"} 3");
  page.up("dataplane", "", true);
  page.up("classifier", "1", false);
  EXPECT_EQ(
      page.text(),
      "# HELP a A.\n# TYPE a counter\na{worker=\"0\"} 1\na{worker=\"1\"} 3\n# HELP b B.\n# TYPE b gauge\n"
      "b 2\n# HELP weir_up 1: this part of Weir answered.\n# TYPE weir_up gauge\n"
      "weir_up{part=\"dataplane\"} 1\nweir_up{part=\"classifier\",worker=\"1\"} 0\n");
}

constexpr const char* kReply =
    "{\"ok\":true,\"text\":\"# HELP weir_x_total X.\\n# TYPE weir_x_total counter\\nweir_x_total 7\\n\"}";

TEST(WeirctlMetrics, ReplacesTheFileInOneStep) {
  test::Weirctl weirctl;
  EXPECT_EQ(weirctl({"metrics"}).code, 4);  // nobody is there, and the page says so
  EXPECT_NE(weirctl({"metrics"}).out.find("weir_up{part=\"dataplane\"} 0"), std::string::npos);

  const test::ControlStub dataplane(weirctl.file("run/dataplane.sock"),
                                    [](const std::string&) { return std::string{kReply}; });
  weirctl.write("weir.prom", "old\n");
  EXPECT_EQ(weirctl({"metrics", "--output", weirctl.file("weir.prom")}).code, 0);
  const std::string page = test::read_whole(weirctl.file("weir.prom"));
  EXPECT_NE(page.find("weir_x_total 7\n"), std::string::npos) << page;
  EXPECT_NE(page.find("weir_up{part=\"dataplane\"} 1\n"), std::string::npos);
  EXPECT_NE(page.find("weir_up{part=\"classifier\",worker=\"0\"} 0\n"), std::string::npos);
  EXPECT_EQ(weirctl({"metrics", "--output", "/none/weir.prom"}).code, 1);
}

}  // namespace
}  // namespace weir::ctl
