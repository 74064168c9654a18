// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/clean_text.h"

#include <gtest/gtest.h>

namespace weir::classifier {
namespace {

TEST(CleanText, KeepsUtf8AndNothingElse) {
  EXPECT_EQ(clean_text("plain ~text"), "plain ~text");
  EXPECT_EQ(clean_text("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x99\x82"),
            "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x99\x82");
  EXPECT_EQ(clean_text(std::string_view{"a\0b\n\x7f", 5}), "a?b??");
  EXPECT_EQ(clean_text("\xff\xc0\xaf\xe2\x82"), "?????");
  EXPECT_EQ(clean_text("\xed\xa0\x80"), "???");  // a surrogate
  EXPECT_EQ(clean_text("\xc2\x9b"
                       "31m"),
            "??31m");  // a C1 control
  EXPECT_EQ(clean_text(std::string(1'023, 'x') + "\xc3\xbc"),
            std::string(1'023, 'x'));  // never half a character
}

}  // namespace
}  // namespace weir::classifier
