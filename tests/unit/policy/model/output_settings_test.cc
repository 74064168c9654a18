// SPDX-License-Identifier: Apache-2.0
#include "policy/model/output_settings.h"

#include <gmock/gmock.h>

#include "policy/model/settings.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> mistakes_of(const std::string& outputs) {
  const auto settings = parse_settings("weir: 1\noutputs:\n" + outputs, "weir.yaml");
  std::vector<std::string> texts;
  if (settings) return texts;
  for (const Error& error : settings.error()) texts.push_back(to_text(error));
  return texts;
}

OutputSettings output_of(const std::string& map) {
  const auto settings = parse_settings("weir: 1\noutputs: [" + map + "]\n", "weir.yaml");
  EXPECT_TRUE(settings) << to_text(settings.error().front());
  return settings ? settings->outputs.at(0) : OutputSettings{};
}

TEST(OutputSettings, NothingIsToldByDefault) {
  EXPECT_TRUE(parse_settings("weir: 1\n", "weir.yaml")->outputs.empty());
  EXPECT_TRUE(parse_settings("weir: 1\noutputs: []\n", "weir.yaml")->outputs.empty());
}

TEST(OutputSettings, WhatIsLeftOutHasItsDefault) {
  const OutputSettings output = output_of("{name: eve, format: eve, to: \"file:/var/log/weir/eve.json\"}");
  EXPECT_EQ(output.carrier, Carrier::kFile);
  EXPECT_EQ(output.path, "/var/log/weir/eve.json");
  EXPECT_EQ(output.types, types_of(OutputFormat::kEve));
  EXPECT_EQ(output.severity, Severity::kInfo);
  EXPECT_EQ(output.people, People::kNone);
  EXPECT_EQ(output.rotate_megabytes, 100U);
  EXPECT_EQ(output.rotate_files, 10U);
  EXPECT_EQ(output.ca_file, "/etc/ssl/certs/ca-certificates.crt");
}

TEST(OutputSettings, EachDestinationIsUnderstood) {
  const auto to = [](const std::string& text, const std::string& format = "eve") {
    return output_of("{name: a, format: " + format + ", to: \"" + text + "\"}");
  };
  EXPECT_EQ(to("unix:/run/a").carrier, Carrier::kUnixStream);
  EXPECT_EQ(to("unix-dgram:/run/a").carrier, Carrier::kUnixDatagram);
  EXPECT_EQ(to("syslog+udp://siem").port, 514);
  EXPECT_EQ(to("syslog+tcp://siem").port, 601);
  EXPECT_EQ(to("syslog+tls://siem.example:99").port, 99);
  EXPECT_EQ(to("syslog+tls://siem.example:99").host, "siem.example");
  EXPECT_EQ(to("syslog+tls://[2001:db8::1]:99").host, "2001:db8::1");
  EXPECT_EQ(to("syslog+tls://[2001:db8::1]").port, 6514);
  EXPECT_EQ(to("ipfix+udp://10.0.0.1", "ipfix").port, 4739);
  EXPECT_EQ(to("ipfix+tcp://10.0.0.1:1", "ipfix").carrier, Carrier::kIpfixTcp);
  for (const std::string wrong :
       {"eve.json", "file:eve.json", "file:/", "file:", "unix:a", "http://siem", "syslog+udp:siem",
        "syslog+udp://", "syslog+udp://a:0", "syslog+udp://a:65536", "syslog+udp://a:b", "syslog+udp://[::1",
        "syslog+udp://[::1]1", "syslog+udp://a b", "syslog+udp://-a", "syslog+tls://2001:db8::1"}) {
    EXPECT_THAT(mistakes_of("  - {name: a, format: eve, to: \"" + wrong + "\"}\n"),
                ElementsAre(HasSubstr("weir.yaml:3:32: error: to is \"" + wrong + "\" (write file:/PATH")))
        << wrong;
  }
  EXPECT_THAT(mistakes_of("  - {name: a, format: eve, to: \"unix:/" + std::string(107, 'a') + "\"}\n"),
              ElementsAre(HasSubstr("to is")))
      << "sun_path has 108 bytes";
}

TEST(OutputSettings, MistakesHaveTheirPlace) {
  EXPECT_THAT(
      mistakes_of(
          "  - {name: Main, format: json, to: \"file:/a\", severity: bad, people: all, colour: red}\n"),
      ElementsAre(
          "weir.yaml:3:12: error: name is \"Main\" (write a name of 1 to 32 of a-z, 0-9 and -)",
          "weir.yaml:3:26: error: format is \"json\" (write eve, ecs, cef, syslog, ipfix)",
          "weir.yaml:3:57: error: severity is \"bad\" (write info, low, medium, high, critical)",
          "weir.yaml:3:70: error: people is \"all\" (write none, pseudonym, clear)",
          HasSubstr("weir.yaml:3:75: error: unknown key colour (known here: name, format, to, types")));
  EXPECT_THAT(mistakes_of("  - {name: a, to: \"file:/a\"}\n"),
              ElementsAre(HasSubstr("the output has no format")));
  EXPECT_THAT(
      mistakes_of("  - {name: a, format: cef, to: \"file:/a\", types: [alert, dns]}\n"),
      ElementsAre("weir.yaml:3:58: error: cef has no records of type \"dns\" (write some of flow, alert)"));
  EXPECT_THAT(
      mistakes_of("  - {name: a, format: ipfix, to: \"file:/a\"}\n"),
      ElementsAre(HasSubstr("ipfix is not sent to \"file:/a\" (the format ipfix goes to ipfix+udp://")));
  EXPECT_THAT(
      mistakes_of("  - {name: a, format: ipfix, to: \"ipfix+udp://a\", people: pseudonym}\n"),
      ElementsAre("weir.yaml:3:59: error: ipfix has addresses where other formats can have pseudonyms "
                  "(write people: none, or another format)"));
  EXPECT_THAT(mistakes_of("  - {name: a, format: eve, to: \"ipfix+udp://a\"}\n"),
              ElementsAre(HasSubstr("eve is not sent to")));
  EXPECT_THAT(mistakes_of("  - {name: a, format: eve, to: \"file:/a\", types: []}\n"),
              ElementsAre(HasSubstr("types must be a value or a list of values, not an empty list")));
  EXPECT_THAT(mistakes_of("  - {name: a, format: eve, to: \"file:/a\", rotate_files: 0}\n"),
              ElementsAre(HasSubstr("rotate_files")));
  EXPECT_THAT(mistakes_of("  - {name: a, format: eve, to: \"file:/a\", key_file: /k}\n"),
              ElementsAre(HasSubstr("of certificate_file and key_file one is missing")));
  EXPECT_THAT(mistakes_of("  - {name: a, format: eve, to: \"file:/a\", ca_file: ca.pem}\n"),
              ElementsAre(HasSubstr("ca_file is \"ca.pem\" (write an absolute path)")));
  EXPECT_THAT(mistakes_of("  - eve\n"), ElementsAre(HasSubstr("an output must be a map")));
  EXPECT_THAT(mistakes_of("  a: {name: a}\n"), ElementsAre(HasSubstr("outputs must be a list, not a map")));
}

TEST(OutputSettings, NamesAndFilesAreUsedOnce) {
  EXPECT_THAT(
      mistakes_of(
          "  - {name: a, format: eve, to: \"file:/a\"}\n  - {name: a, format: ecs, to: \"file:/a\"}\n"),
      ElementsAre(HasSubstr("weir.yaml:4:12: error: an output is already called a"),
                  HasSubstr("weir.yaml:4:32: error: an output already writes /a")));
  std::string many;
  for (std::size_t i = 0; i <= kOutputsMax; ++i) many += "  - {name: a}\n";
  EXPECT_THAT(mistakes_of(many), ElementsAre(HasSubstr("17 outputs, more than 16")));
}

}  // namespace
}  // namespace weir
