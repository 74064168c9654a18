// SPDX-License-Identifier: Apache-2.0
// docs/events.md names what lives in Redis as the code does. Its tables: model/flow_event_test.cc.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "policy/bus/streams.h"

namespace weir::policy {
namespace {

TEST(EventsPage, NamesTheStreamsAndTheGroup) {
  std::stringstream page;
  page << std::ifstream(std::string{WEIR_SOURCE_DIR} + "/docs/events.md").rdbuf();
  const std::string text = page.str();
  EXPECT_NE(text.find(std::string{kFlowStreamPrefix} + "N"), std::string::npos);
  EXPECT_NE(text.find(std::string{kDeadStream}), std::string::npos);
  EXPECT_NE(text.find(std::string{kFactsStream}), std::string::npos);
  EXPECT_NE(text.find(std::string{kEngineGroup}), std::string::npos);
}

}  // namespace
}  // namespace weir::policy
