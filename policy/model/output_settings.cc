// SPDX-License-Identifier: Apache-2.0
#include "policy/model/output_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>

#include "policy/model/document.h"
#include "policy/model/settings_table.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 5> kFormats{"eve", "ecs", "cef", "syslog", "ipfix"};
constexpr std::array<std::string_view, kRecordTypes> kTypes{"flow", "alert", "drop", "http",     "tls",
                                                            "dns",  "smtp",  "quic", "fileinfo", "stats"};
constexpr std::array<std::string_view, 3> kPeople{"none", "pseudonym", "clear"};
constexpr std::size_t kUnixPathBytesMax = 107;
constexpr std::size_t kHostBytesMax = 253;

struct Scheme {
  std::string_view prefix;
  Carrier carrier;
  std::uint16_t port = 0;  // that is meant where none is written; 0: what follows is a path
};
constexpr std::array kSchemes{
    Scheme{"file:", Carrier::kFile},
    Scheme{"unix:", Carrier::kUnixStream},
    Scheme{"unix-dgram:", Carrier::kUnixDatagram},
    Scheme{"syslog+udp://", Carrier::kSyslogUdp, 514},
    Scheme{"syslog+tcp://", Carrier::kSyslogTcp, 601},
    Scheme{"syslog+tls://", Carrier::kSyslogTls, 6514},
    Scheme{"ipfix+udp://", Carrier::kIpfixUdp, 4739},
    Scheme{"ipfix+tcp://", Carrier::kIpfixTcp, 4739},
};
constexpr std::string_view kToAdvice =
    "write file:/PATH, unix:/PATH, unix-dgram:/PATH, or syslog+udp://HOST:PORT with syslog+tcp, syslog+tls, "
    "ipfix+udp or ipfix+tcp in its place";

bool carries_ipfix(Carrier carrier) { return carrier == Carrier::kIpfixUdp || carrier == Carrier::kIpfixTcp; }

/// The position of `word` in `words`.
template <std::size_t N>
std::optional<std::size_t> place_of(std::string_view word, const std::array<std::string_view, N>& words) {
  const auto at = std::ranges::find(words, word);
  if (at == words.end()) return std::nullopt;
  return static_cast<std::size_t>(at - words.begin());
}

bool host_well_formed(std::string_view host) {
  return !host.empty() && host.size() <= kHostBytesMax && !host.starts_with('-') &&
         std::ranges::all_of(host, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                  c == '-' || c == ':' || c == '%' || c == '_';
         });
}

/// "host", "host:port", "[fd00::1]:port".
bool read_host(std::string_view text, OutputSettings& output) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    output.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
  } else {
    const std::size_t colon = text.find(':');
    output.host = text.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  if (!host_well_formed(output.host)) return false;
  if (port.empty()) return true;
  if (!port.starts_with(':')) return false;
  port.remove_prefix(1);
  const auto [stopped, error] = std::from_chars(port.data(), port.data() + port.size(), output.port);
  return error == std::errc{} && stopped == port.data() + port.size() && output.port != 0;
}

bool read_path(std::string_view text, OutputSettings& output) {
  output.path = text;
  const std::size_t bytes_max = output.carrier == Carrier::kFile ? 4'095 : kUnixPathBytesMax;
  return text.starts_with('/') && !text.ends_with('/') && text.size() <= bytes_max &&
         text.find('\0') == std::string_view::npos;
}

void read_to(const Node& node, OutputSettings& output, Mistakes& mistakes) {
  output.to = mistakes.text(node, "to");
  for (const Scheme& scheme : kSchemes) {
    const std::string_view text = output.to;
    if (!text.starts_with(scheme.prefix)) continue;
    output.carrier = scheme.carrier;
    output.port = scheme.port;
    const std::string_view rest = text.substr(scheme.prefix.size());
    if (scheme.port == 0 ? read_path(rest, output) : read_host(rest, output)) return;
    break;
  }
  mistakes.add(node, fmt::format("to is {}", shown(node)), std::string{kToAdvice});
}

std::string words_of(RecordTypes types) {
  std::string words;
  for (std::size_t i = 0; i < kRecordTypes; ++i) {
    if ((types >> i & 1U) != 0) words += fmt::format("{}{}", words.empty() ? "" : ", ", kTypes[i]);
  }
  return words;
}

void read_types(const Node& node, OutputSettings& output, Mistakes& mistakes) {
  const RecordTypes known = types_of(output.format);
  output.types = 0;
  for (const Node* one : mistakes.scalars(node, "types")) {
    const auto place = place_of(one->text, kTypes);
    if (place && has(known, static_cast<RecordType>(*place))) {
      output.types |= only(static_cast<RecordType>(*place));
      continue;
    }
    mistakes.add(*one, fmt::format("{} has no records of type {}", to_string(output.format), shown(*one)),
                 fmt::format("write some of {}", words_of(known)));
  }
}

/// Reads the keys of one output; each remembers where a mistake belongs.
class Reader {
 public:
  Reader(const Node& map, OutputSettings& output, Mistakes& mistakes)
      : map_(map), output_(output), mistakes_(mistakes) {}

  void read() {
    const Node* const name = needed("name");
    if (name != nullptr) read_name(*name);
    if (const Node* const node = needed("format")) {
      if (const auto place = word(*node, "format", kFormats))
        output_.format = OutputFormat{static_cast<std::uint8_t>(*place)};
    }
    output_.types = types_of(output_.format);
    if (const Node* const node = needed("to")) read_to(*node, output_, mistakes_);
    if (const Node* const node = map_.find("types")) read_types(*node, output_, mistakes_);
    if (const Node* const node = map_.find("severity")) {
      constexpr std::array<std::string_view, 5> kWords{"info", "low", "medium", "high", "critical"};
      if (const auto place = word(*node, "severity", kWords))
        output_.severity = Severity{static_cast<std::uint8_t>(*place)};
    }
    if (const Node* const node = map_.find("people")) {
      if (const auto place = word(*node, "people", kPeople))
        output_.people = People{static_cast<std::uint8_t>(*place)};
    }
    number("rotate_megabytes", output_.rotate_megabytes);
    number("rotate_files", output_.rotate_files);
    output_.ca_file = "/etc/ssl/certs/ca-certificates.crt";
    file("ca_file", output_.ca_file);
    file("certificate_file", output_.certificate_file);
    file("key_file", output_.key_file);
    check_together();
  }

 private:
  const Node* needed(std::string_view key) {
    const Node* const node = map_.find(key);
    if (node == nullptr)
      mistakes_.add(map_, fmt::format("the output has no {}", key),
                    "write - {name: siem, format: eve, to: \"file:/var/log/weir/eve.json\"}");
    return node;
  }
  void read_name(const Node& node) {
    output_.name = mistakes_.text(node, "name");
    const bool plain = !output_.name.empty() && output_.name.size() <= kOutputNameBytesMax &&
                       std::ranges::all_of(output_.name, [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                       });
    if (!plain)
      mistakes_.add(node, fmt::format("name is {}", shown(node)),
                    fmt::format("write a name of 1 to {} of a-z, 0-9 and -", kOutputNameBytesMax));
  }
  template <std::size_t N>
  std::optional<std::size_t> word(const Node& node, std::string_view key,
                                  const std::array<std::string_view, N>& words) {
    const auto place = node.kind == Node::Kind::kScalar ? place_of(node.text, words) : std::nullopt;
    if (!place)
      mistakes_.add(node, fmt::format("{} is {}", key, shown(node)),
                    fmt::format("write {}", fmt::join(words, ", ")));
    return place;
  }
  void number(std::string_view key, std::uint32_t& into) {
    const Node* const node = map_.find(key);
    if (node == nullptr) return;
    const auto rows = settings_table();
    const auto row = std::ranges::find_if(
        rows, [&](const SettingRow& one) { return one.section == "outputs" && one.key == key; });
    if (const auto value = mistakes_.integer(*node, key, row->low, row->high))
      into = static_cast<std::uint32_t>(*value);
  }
  void file(std::string_view key, std::string& into) {
    const Node* const node = map_.find(key);
    if (node == nullptr) return;
    into = mistakes_.text(*node, key);
    if (!into.starts_with('/'))
      mistakes_.add(*node, fmt::format("{} is {}", key, shown(*node)), "write an absolute path");
  }
  void check_together() {
    const Node* const to = map_.find("to");
    if (to != nullptr && (output_.format == OutputFormat::kIpfix) != carries_ipfix(output_.carrier)) {
      mistakes_.add(*to, fmt::format("{} is not sent to {}", to_string(output_.format), shown(*to)),
                    "the format ipfix goes to ipfix+udp:// or ipfix+tcp://, and nothing else does");
    }
    if (output_.format == OutputFormat::kIpfix && output_.people == People::kPseudonym) {
      mistakes_.add(*map_.find("people"), "ipfix has addresses where other formats can have pseudonyms",
                    "write people: none, or another format");
    }
    if (output_.certificate_file.empty() != output_.key_file.empty())
      mistakes_.add(map_, "of certificate_file and key_file one is missing", "write both, or none");
  }

  const Node& map_;
  OutputSettings& output_;
  Mistakes& mistakes_;
};

}  // namespace

std::string_view to_string(People people) { return kPeople[static_cast<std::size_t>(people)]; }
std::string_view to_string(OutputFormat format) { return kFormats[static_cast<std::size_t>(format)]; }
std::string_view to_string(RecordType type) { return kTypes[static_cast<std::size_t>(type)]; }

RecordTypes types_of(OutputFormat format) {
  switch (format) {
    case OutputFormat::kEve:
      return (1U << kRecordTypes) - 1;
    case OutputFormat::kIpfix:
      return only(RecordType::kFlow);
    case OutputFormat::kEcs:
    case OutputFormat::kCef:
    case OutputFormat::kSyslog:
      break;
  }
  return only(RecordType::kFlow) | only(RecordType::kAlert);
}

std::vector<OutputSettings> read_outputs(const Node& list, Mistakes& mistakes) {
  std::vector<OutputSettings> outputs;
  if (list.kind == Node::Kind::kNull) return outputs;
  if (list.kind != Node::Kind::kList) {
    mistakes.add(list, fmt::format("outputs must be a list, not {}", shown(list)),
                 "write - {name: siem, format: eve, to: \"file:/var/log/weir/eve.json\"}");
    return outputs;
  }
  if (list.items.size() > kOutputsMax) {
    mistakes.add(list, fmt::format("{} outputs, more than {}", list.items.size(), kOutputsMax));
    return outputs;
  }
  std::set<std::string> names;
  std::set<std::string> files;
  std::vector<std::string_view> known;
  for (const SettingRow& row : settings_table()) {
    if (row.section == "outputs") known.push_back(row.key);
  }
  for (const Node& item : list.items) {
    OutputSettings output;
    if (item.kind != Node::Kind::kMap) {
      mistakes.add(item, fmt::format("an output must be a map, not {}", shown(item)),
                   "write name, format and to");
      continue;
    }
    mistakes.unknown_keys(item, known);
    Reader{item, output, mistakes}.read();
    if (!output.name.empty() && !names.insert(output.name).second)
      mistakes.add(*item.find("name"), fmt::format("an output is already called {}", output.name),
                   "give each output its own name");
    if (output.carrier == Carrier::kFile && !output.path.empty() && !files.insert(output.path).second)
      mistakes.add(*item.find("to"), fmt::format("an output already writes {}", output.path),
                   "give each output its own file");
    outputs.push_back(std::move(output));
  }
  return outputs;
}

}  // namespace weir
