// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/output.h"

#include <gtest/gtest.h>

#include "policy/ctl/flow_row.h"

namespace weir::ctl {
namespace {

const Json kRows =
    Json::array({{{"a", "x,\"y\""}, {"b", 5}, {"c", {"p", "q"}}}, {{"a", "é\x1b[31m"}, {"b", nullptr}}});

TEST(Output, TableAlignsByCharactersAndDefusesControlBytes) {
  EXPECT_EQ(render(Format::kTable, kRows, {"a", "b", "c"}), "a       b  c\nx,\"y\"   5  p q\né?[31m\n");
}

TEST(Output, CsvQuotesWhatNeedsIt) {
  EXPECT_EQ(render(Format::kCsv, kRows, {"a", "b"}), "a,b\n\"x,\"\"y\"\"\",5\né?[31m,\n");
}

TEST(Output, JsonHasEverything) { EXPECT_EQ(Json::parse(render(Format::kJson, kRows, {"a"})), kRows); }

TEST(Output, TimesAreUtc) {
  EXPECT_EQ(time_text(1'700'000'000'123'456'789), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(time_text(0), "-");
}

TEST(Output, AgesHaveTheirTwoGreatestUnits) {
  EXPECT_EQ(age_text(59 * kSecond), "59s");
  EXPECT_EQ(age_text(61 * kSecond), "1m 1s");
  EXPECT_EQ(age_text(3 * 3'600 * kSecond + 59 * kSecond), "3h 0m");
  EXPECT_EQ(age_text((2 * 24 + 5) * 3'600 * kSecond), "2d 5h");
  EXPECT_EQ(age_text(-1), "-");
}

TEST(FlowRow, HasTheColumnsOfClassify) {
  event::FlowEvent event;
  event.set_protocol(58);
  event.set_initiator("fd00::1");
  event.set_responder("fd00::2");
  event.set_master("ICMPV6");
  event.set_confidence("DPI");
  event.set_action("allow");
  std::string header;
  for (const std::string& column : classify_columns()) header += (header.empty() ? "" : ",") + column;
  EXPECT_EQ(header, "pcap,l4,addr_a,port_a,addr_b,port_b,master,app,confidence,host,action,rule,country,asn");
  EXPECT_EQ(render(Format::kCsv, Json::array({classify_row(event, "x.pcap")}), classify_columns()),
            header + "\nx.pcap,ICMPV6,fd00::1,0,fd00::2,0,ICMPV6,,DPI,,allow,,,\n");
  event.set_asn(64'500);
  event.set_protocol(89);
  EXPECT_EQ(classify_row(event, "x")["asn"], 64'500);
  EXPECT_EQ(classify_row(event, "x")["l4"], "89");
}

}  // namespace
}  // namespace weir::ctl
