// SPDX-License-Identifier: Apache-2.0
// The list `outputs:` of the settings: what other tools are told, in which form, and where to
// (policy/export/). Nothing is told by default.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/decision.h"

namespace weir {

struct Node;
class Mistakes;

/// What an output writes.
enum class OutputFormat : std::uint8_t {
  kEve,     // eve: JSON with Suricata's keys
  kEcs,     // ecs: JSON with Elastic's
  kCef,     // cef: Common Event Format, version 0
  kSyslog,  // syslog: RFC 5424 with structured data
  kIpfix,   // ipfix: RFC 7011
};

/// What carries it.
enum class Carrier : std::uint8_t {
  kFile,
  kUnixStream,
  kUnixDatagram,
  kSyslogUdp,  // RFC 5426
  kSyslogTcp,  // RFC 6587, octet counting
  kSyslogTls,  // RFC 5425
  kIpfixUdp,
  kIpfixTcp,
};

/// One kind of record; an output writes those of its format, or some of them.
enum class RecordType : std::uint8_t {
  kFlow,
  kAlert,
  kDrop,
  kHttp,
  kTls,
  kDns,
  kSmtp,
  kQuic,
  kFileinfo,
  kStats,
};
inline constexpr std::size_t kRecordTypes = 10;
[[nodiscard]] std::string_view to_string(OutputFormat format);
[[nodiscard]] std::string_view to_string(RecordType type);

/// A set of record types.
using RecordTypes = std::uint32_t;
[[nodiscard]] constexpr RecordTypes only(RecordType type) { return 1U << static_cast<unsigned>(type); }
[[nodiscard]] constexpr bool has(RecordTypes types, RecordType type) { return (types & only(type)) != 0; }
/// Those that a format knows.
[[nodiscard]] RecordTypes types_of(OutputFormat format);

/// How an output names who acted.
enum class People : std::uint8_t {
  kNone,       // none: by the address alone
  kPseudonym,  // pseudonym: as weirctl and the console do; no address of the inside is told
  kClear,      // clear: by address, user, host name and mail addresses
};
[[nodiscard]] std::string_view to_string(People people);

struct OutputSettings {
  std::string name;  // [a-z0-9-], names the consumer group weir-export-NAME
  OutputFormat format = OutputFormat::kEve;
  std::string to;  // as written
  Carrier carrier = Carrier::kFile;
  std::string path;  // of a file or a Unix socket
  std::string host;  // name or address, without brackets
  std::uint16_t port = 0;
  RecordTypes types = 0;
  Severity severity = Severity::kInfo;  // the least that an alert or a drop has
  People people = People::kNone;
  std::uint32_t rotate_megabytes = 100;
  std::uint32_t rotate_files = 10;
  std::string ca_file;           // who may have signed the receiver's certificate
  std::string certificate_file;  // of this appliance, where the receiver wants one; empty: none
  std::string key_file;
};

inline constexpr std::size_t kOutputsMax = 16;
inline constexpr std::size_t kOutputNameBytesMax = 32;

/// `list` is the value of `outputs`.
[[nodiscard]] std::vector<OutputSettings> read_outputs(const Node& list, Mistakes& mistakes);

}  // namespace weir
