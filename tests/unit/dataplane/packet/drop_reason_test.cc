// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/drop_reason.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "policy/model/settings.h"

namespace weir::dataplane {
namespace {

std::string operations_page() {
  std::ifstream in(std::string(WEIR_SOURCE_DIR) + "/docs/operations.md");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(DropReason, EachHasItsOwnNameAndAHelp) {
  std::set<std::string_view> names;
  for (const DropReasonText& text : drop_reason_texts()) {
    EXPECT_TRUE(names.insert(text.name).second) << text.name;
    EXPECT_FALSE(text.help.empty()) << text.name;
    EXPECT_EQ(text.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string_view::npos);
  }
}

TEST(DropReason, TheOperationsPageSaysWhatEachMeans) {
  const std::string page = operations_page();
  for (std::size_t i = 1; i < kDropReasonCount; ++i) {
    const DropReasonText& text = drop_reason_texts().at(i);
    const std::string row = "| `" + std::string(text.name) + "` | " + std::string(text.help) + " |";
    EXPECT_NE(page.find(row), std::string::npos) << row;
  }
}

TEST(DropReason, TheOperationsPageHasEveryRowOfTheExceptionTable) {
  const std::string page = operations_page();
  for (std::size_t i = 0; i < kExceptionCauses; ++i) {
    const std::string name = to_string(static_cast<ExceptionCause>(i));
    EXPECT_NE(page.find("| `" + name + "` | "), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace weir::dataplane
