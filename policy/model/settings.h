// SPDX-License-Identifier: Apache-2.0
// /etc/weir/weir.yaml: what this appliance is, for all its processes. Not the policy (policy/lang/compile.h).
// Each process reads the same file and uses its part. An unknown key is an error with its line.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/ethertypes.h"
#include "policy/model/notification_settings.h"
#include "policy/model/output_settings.h"

namespace weir {

/// What a port pair does when a named condition keeps Weir from judging (docs/operations.md).
enum class ExceptionAction : std::uint8_t {
  kPass,    // this packet; the flow goes on being looked at
  kDrop,    // this packet
  kBypass,  // the flow, unlooked at until it ends or the policy changes
  kCount,
};
inline constexpr std::size_t kExceptionActions = static_cast<std::size_t>(ExceptionAction::kCount);
[[nodiscard]] const char* to_string(ExceptionAction action);

/// Conditions of the exception table. Names in the file are the kebab-case of the comment.
enum class ExceptionCause : std::uint8_t {
  kFlowTableFull,       // flow-table-full
  kParkingFull,         // parking-full
  kChannelFull,         // channel-full
  kClassifierSlow,      // classifier-slow: no answer within inspection_deadline_ms
  kClassifierGone,      // classifier-gone: no process attached
  kStreamUndecidable,   // stream-undecidable: assembly limits reached before a name
  kFragment,            // fragment: the rest of its datagram did not come in time
  kFragmentMemoryFull,  // fragment-memory-full: no room to hold a fragment, or to join its datagram
  kParserError,         // parser-error: a parser gave up on bytes that claim its protocol
  kPacketsExhausted,    // packets-exhausted: too few packet buffers are free for one to wait or to be built
  kMidstream,           // midstream: a TCP flow whose handshake was not seen
  kPolicyMissing,       // policy-missing: the classifier has no policy in force
  kOverload,            // overload: the worker is at the level bypass
  kClassifierFault,  // classifier-fault: a classifier died over this flow, or over several of its initiator
  kRedisAway,        // redis-away: events wait for Redis
  kClockStep,        // clock-step: the system's clock was set
  kCount,
};
inline constexpr std::size_t kExceptionCauses = static_cast<std::size_t>(ExceptionCause::kCount);
[[nodiscard]] const char* to_string(ExceptionCause cause);
/// Causes that keep Weir from telling, not from judging: they never touch a packet.
[[nodiscard]] constexpr bool is_event_cause(ExceptionCause cause) {
  return cause == ExceptionCause::kRedisAway || cause == ExceptionCause::kClockStep;
}
/// The action of a row that is not written. Connections that were there before Weir are not cut.
[[nodiscard]] constexpr ExceptionAction default_action(ExceptionCause cause, bool strict) {
  const bool pass = !strict || is_event_cause(cause) || cause == ExceptionCause::kMidstream;
  return pass ? ExceptionAction::kPass : ExceptionAction::kDrop;
}

/// How frames pass a pair when Weir does not forward them (dataplane/bypass/).
enum class BypassKind : std::uint8_t {
  kAuto,          // auto: the best that the pair's ports offer
  kNone,          // none
  kKernelBridge,  // kernel-bridge
  kNic,           // nic: relays of the card
};
inline constexpr std::size_t kBypassKinds = 4;
[[nodiscard]] const char* to_string(BypassKind kind);

/// Every key of the settings file, with its default. Sizes are counts unless the name says otherwise.
struct PortSettings {
  std::string device;  // a DPDK device: PCI address, or a vdev such as "net_af_packet0,iface=lan0"
};

/// What becomes of the urgent pointer of a TCP flow that is judged. A receiver may take the urgent byte out
/// of its stream, so that it reads another name than an inspector does.
enum class UrgentAction : std::uint8_t { kClear, kDrop, kPass };

/// How the wire learns that the policy blocks a flow.
enum class BlockAction : std::uint8_t { kAnswer, kReset, kDrop };

struct PairSettings {
  std::string name = "lan-wan";
  PortSettings inside;
  PortSettings outside;
  UrgentAction urgent = UrgentAction::kClear;
  BlockAction block = BlockAction::kAnswer;
  bool strict = true;  // mode: strict | monitor; sets the default of every exception (drop | pass)
  ExceptionAction exceptions[kExceptionCauses] = {};  // filled by the loader: defaults, then what is written
  bool fail_open = false;  // fail: open | closed, when Weir is dead; without it closed if strict, else open
  BypassKind bypass = BypassKind::kAuto;
  EthertypeTable ethertypes;
};

struct MemorySettings {
  bool hugepages = true;              // hugepages: auto (true: used where the kernel has them) | off
  bool keep_flows = true;             // keep_flows: on (true: decided flows outlive the data plane) | off
  std::uint32_t megabytes = 256;      // for DPDK when there are no hugepages
  std::uint32_t packets = 16'384;     // mbufs in the pool
  std::uint32_t frame_bytes = 2'048;  // longest frame in one piece
  std::uint32_t flows = 65'536;       // entries of the flow table, per worker
  std::uint32_t parked = 4'096;       // packets that may wait for a verdict, per worker
  std::uint32_t parked_per_flow = 64;
  std::uint32_t fragments = 1'024;         // IP datagrams of which fragments may be held, per worker
  std::uint32_t channel_requests = 4'096;  // records of 2,048 bytes, a power of two
  std::uint32_t channel_answers = 8'192;   // records of 64 bytes, a power of two
};

struct TimeoutSettings {
  std::uint32_t inspection_deadline_ms = 500;
  std::uint32_t tcp_half_open_s = 30;
  std::uint32_t tcp_established_s = 3'600;
  std::uint32_t tcp_closed_s = 10;
  std::uint32_t udp_s = 120;
  std::uint32_t other_s = 60;
  std::uint32_t fragment_s = 30;
};

/// Fill of the inspection channel or of the parking, in percent, at which a worker looks less deeply.
struct OverloadSettings {
  std::uint32_t names_only_at = 50;
  std::uint32_t l4_at = 75;
  std::uint32_t bypass_at = 90;
};

struct RedisSettings {
  std::string socket = "/run/weir/redis.sock";
  std::string nodes;         // ADDRESS:PORT, ...: a Redis elsewhere in place of the socket
  std::string node_sockets;  // directory of Unix sockets called ADDRESS:PORT, the ends of tunnels to nodes
  std::string appliances = "all";  // whose streams the engine reads from there; or names, separated by commas
  std::string classifier_user = "weir-classifier";
  std::string classifier_password_file;  // empty: no authentication
  std::string engine_user = "weir-engine";
  std::string engine_password_file;
  std::uint32_t stream_entries_max = 1'000'000;  // hard cap of a stream (XADD MAXLEN ~)
  std::uint32_t stream_keep_s = 3'600;           // how long entries stay that every group has acknowledged
  std::string reader_user = "weir-reader";
  std::string reader_password_file;
  std::string export_user = "weir-export";
  std::string export_password_file;
};

struct ClassifierSettings {
  std::string user = "weir-classifier";  // dropped to when started as root
  std::string policy = "/var/lib/weir/policy/current.yaml";
  std::string catalogue = "/etc/weir/classifier/software.yaml";
  std::string signatures = "/etc/weir/classifier/signatures.yaml";
  std::string safe_search = "/etc/weir/classifier/safe_search.yaml";
  std::string country_database;  // MaxMind format; empty: none
  std::string asn_database;
  std::uint32_t stream_bytes_max = 65'536;  // assembled per flow and direction before it is undecidable
  std::uint32_t stream_bytes_total_max = 256U << 20U;
  std::uint32_t ndpi_packets_max = 32;  // payload packets of one flow that nDPI is shown
  std::string ndpi_dissectors = "all";  // "all", "all -A -B" or "A B C": nDPI's protocols that are looked for
  std::uint32_t event_queue = 65'536;   // events that may wait in memory for Redis or the spool
  std::uint32_t spool_megabytes = 256;  // of events that wait on disk for Redis; 0: none do
};

struct EngineSettings {
  std::string user = "weir-engine";
  std::string store = "/var/lib/weir/weir.db";  // or a postgresql:// URL
  std::string store_password_file;              // of that database; empty: none is sent
  std::uint32_t due_critical_h = 4;  // from the first sighting until a violation has to be closed; 0: never
  std::uint32_t due_high_h = 24;
  std::uint32_t due_medium_h = 72;
  std::uint32_t due_low_h = 336;
  std::uint32_t due_info_h = 0;
  std::uint32_t keep_minutes_h = 48;  // how long sums of flows are kept, by what they are summed over
  std::uint32_t keep_hours_d = 92;
  std::uint32_t keep_days_d = 1'096;
};
/// The store is a database server, not a file.
[[nodiscard]] bool is_store_url(std::string_view store);

/// The process that tells other tools (policy/export/).
struct ExportSettings {
  std::string user = "weir-export";
};

/// Copies of recent packets, and files of them (docs/operations.md).
struct CaptureSettings {
  std::uint32_t megabytes = 8;  // of recent packets, per worker; 0: none
  std::uint32_t snap_bytes = 1'600;
  bool all = false;       // packets: all | judged
  bool on_block = false;  // on: block | request
  std::string directory = "/var/lib/weir/captures";
  std::uint32_t files_max = 100;
  std::uint32_t megabytes_max = 256;  // of all files
};

/// The process that tells, and what lies between it and the engine: <state_directory>/notify.
struct NotifySettings {
  std::string user = "weir-notify";  // dropped to when started as root
};

/// The console (policy/console/): HTTPS for people, on the management network.
struct ConsoleSettings {
  std::string user = "weir-console";  // of the process that talks to browsers, when started as root
  std::string listen = "127.0.0.1:8443";
  std::string certificate_file;  // empty: one is made at the first start
  std::string key_file;
  std::string pages = "/usr/share/weir/console";
  std::uint32_t idle_minutes = 15;  // until a session without a request ends
  std::uint32_t session_hours = 12;
  std::uint32_t code_minutes = 60;  // how long the code for the first account is good
};

/// Reports that the timer makes.
struct ReportSettings {
  std::string directory = "/var/lib/weir/reports";
  std::uint32_t keep_days = 400;
  bool english = true;  // language: en | fr
  bool a4 = true;       // paper: a4 | letter
};

/// What Weir shows of people, and who lets somebody see more (docs/security.md).
struct PrivacySettings {
  bool clear = false;           // people: clear | pseudonym
  std::uint32_t approvers = 1;  // who reveals; 2: another user approves
  std::uint32_t request_minutes =
      480;  // how long a request waits for its approval, and an approval for its use
};

/// How many days the engine's store keeps what it knows; 0: as long as its tables have room.
struct RetentionSettings {
  std::uint32_t flows_days = 30;
  std::uint32_t violations_days = 365;  // since the last sighting
  std::uint32_t software_days = 180;    // likewise
  std::uint32_t identities_days = 90;   // what subjects used of quotas, since the period's end
  std::uint32_t audit_days = 1'095;
};

struct EvidenceSettings {
  std::string severity = "never";  // never, or the lowest severity of a hit whose flow's packets are written
};

struct Settings {
  std::string appliance = "weir";  // names this box in events, [a-z0-9-]{1,32}
  std::string run_directory = "/run/weir";
  std::string state_directory = "/var/lib/weir";  // what has to outlive a restart
  std::string operators = "weir-operators";       // the group that may turn the bypass on and off
  std::vector<PairSettings> pairs;
  std::uint32_t workers = 1;
  std::string cores = "auto";  // "auto" or a list such as "1,2", one per worker
  MemorySettings memory;
  TimeoutSettings timeouts;
  OverloadSettings overload;
  RedisSettings redis;
  ClassifierSettings classifier;
  EngineSettings engine;
  CaptureSettings capture;
  ExportSettings exporter;
  std::vector<OutputSettings> outputs;
  NotifySettings notify;
  ConsoleSettings console;
  ReportSettings report;
  std::vector<NotificationReceiver> notifications;  // docs/configuration.md, "Notifications"
  PrivacySettings privacy;
  RetentionSettings retention;
  EvidenceSettings evidence;
};

[[nodiscard]] ResultAll<Settings> parse_settings(std::string_view text, const std::string& file);
[[nodiscard]] ResultAll<Settings> load_settings(const std::string& path);

/// The items of a value that is a list, without the blanks around them: "a, b" is a and b.
[[nodiscard]] std::vector<std::string_view> comma_separated(std::string_view text);

[[nodiscard]] std::string flow_file(const Settings& settings, unsigned worker);  // <run>/flows-N
[[nodiscard]] std::string notify_directory(const Settings& settings);            // <state>/notify
/// Unix sockets of the run directory.
[[nodiscard]] std::string control_socket(const Settings& settings);                   // <run>/dataplane.sock
[[nodiscard]] std::string channel_socket(const Settings& settings, unsigned worker);  // <run>/channel-N.sock
[[nodiscard]] std::string classifier_socket(const Settings& settings,
                                            unsigned worker);             // <run>/classifier-N.sock
[[nodiscard]] std::string export_metrics_file(const Settings& settings);  // <run>/export/metrics
/// Events of a worker that wait: in memory, and the folder of those on disk.
[[nodiscard]] std::string event_ring(const Settings& settings, unsigned worker);    // <run>/events-N
[[nodiscard]] std::string spool_folder(const Settings& settings, unsigned worker);  // <state>/spool/N

}  // namespace weir
