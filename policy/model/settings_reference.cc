// SPDX-License-Identifier: Apache-2.0
// The table of the settings in words, for messages and for docs/configuration.md.
#include <fmt/format.h>

#include "policy/model/settings_table.h"

namespace weir {
namespace {

using enum SettingType;

std::string type_text(const SettingRow& row) {
  switch (row.type) {
    case kName:
      return fmt::format("a name of 1 to {} of a-z, 0-9 and -", row.high);
    case kPath:
      return fmt::format("an absolute path of at most {} bytes", row.high);
    case kPathOrNone:
      return fmt::format("an absolute path of at most {} bytes, or \"\" for none", row.high);
    case kPathOrUrl:
      return fmt::format(
          "an absolute path, or a URL such as postgresql://weir@db.example/weir without a password, at most "
          "{} bytes",
          row.high);
    case kChoice:
      return fmt::format("{} or {}", row.yes, row.no);
    case kWord: {
      std::string words(row.yes);
      for (std::size_t bar = 0; (bar = words.find('|')) != std::string::npos;) words.replace(bar, 1, ", ");
      return "one of " + words;
    }
    case kCores:
      return "auto, or one core number a worker such as \"1,2\"";
    case kWords:
      return "all, all but some such as \"all -TINC\", or names such as \"TLS HTTP\"";
    case kNodes:
      return fmt::format("up to {} such as \"10.0.0.1:6379, [fd00::1]:6379\", or \"\" for none", row.high);
    case kNames:
      return fmt::format("all, or up to {} names such as \"north, south\"", row.high);
    case kDestination:
      return "`file:/PATH`, `unix:/PATH`, `unix-dgram:/PATH`, `syslog+udp://HOST[:PORT]`, "
             "`syslog+tcp://...`, "
             "`syslog+tls://...`, `ipfix+udp://...`, `ipfix+tcp://...`";
    case kTypeList:
      return "a list of flow, alert, drop, http, tls, dns, smtp, quic, fileinfo, stats";
    case kDevice:
      return "a DPDK device: PCI address or vdev, at most 255 bytes";
    case kCount:
    case kPowerOfTwo:
      break;
  }
  return "whole number";
}

constexpr std::string_view heading(std::string_view section) {
  if (section.empty()) return "Top level";
  return section;
}

}  // namespace

std::string default_text(const SettingRow& row) {
  Settings defaults;
  if (!row.otherwise.empty()) return std::string(row.otherwise);
  if (row.number != nullptr) return fmt::format("{}", *row.number(defaults));
  if (row.choice != nullptr) return std::string(*row.choice(defaults) ? row.yes : row.no);
  if (row.text != nullptr) return row.text(defaults)->empty() ? "none" : *row.text(defaults);
  if (row.type == kWord) return std::string(row.yes.substr(0, row.yes.find('|')));
  return row.type == kChoice ? std::string(row.yes) : "required";
}

std::string range_text(const SettingRow& row) {
  if (row.type != kCount && row.type != kPowerOfTwo) return type_text(row);
  std::string text = fmt::format("{} to {}", row.low, row.high);
  if (!row.unit.empty()) text += fmt::format(" {}", row.unit);
  if (row.type == kPowerOfTwo) text += ", a power of two";
  return text;
}

std::string settings_reference() {
  std::string page;
  std::string_view section = "-";
  for (const SettingRow& row : settings_table()) {
    if (row.section != section) {
      section = row.section;
      page += fmt::format("\n### {}\n\n| key | values | default | meaning |\n|---|---|---|---|\n",
                          heading(section));
    }
    page += fmt::format("| `{}` | {} | {} | {} |\n", row.key, range_text(row), default_text(row), row.help);
  }
  page += "\n### Exceptions of a pair\n\n| key | strict | monitor |\n|---|---|---|\n";
  for (std::size_t i = 0; i < kExceptionCauses; ++i) {
    const auto cause = static_cast<ExceptionCause>(i);
    page += fmt::format("| `{}` | {} | {} |\n", to_string(cause), to_string(default_action(cause, true)),
                        to_string(default_action(cause, false)));
  }
  page += fmt::format(
      "\n### Ethertypes of a pair\n\nFrames without IP, `pass` or `drop` for each; at most {} rows, "
      "`default` for the others. "
      "A type is a name or a number\n(`0x88cc`).\n\n| name | ethertype | |\n|---|---|---|\n",
      kEthertypeRowsMax);
  for (const EthertypeName& name : ethertype_names()) {
    const std::string type = name.type < 0x0600 ? "802.3 length" : fmt::format("0x{:04x}", name.type);
    page += fmt::format("| `{}` | {} | {} |\n", name.name, type, name.help);
  }
  return page;
}

}  // namespace weir
