// SPDX-License-Identifier: Apache-2.0
#include "policy/model/settings_table.h"

#include <fmt/format.h>

#include <array>

namespace weir {
namespace {

using enum SettingType;

constexpr SettingRow number(std::string_view section, std::string_view key, std::int64_t low,
                            std::int64_t high, std::string_view unit, std::string_view help,
                            std::uint32_t* (*field)(Settings&)) {
  return {section, key, kCount, low, high, unit, help, field, nullptr, nullptr, {}, {}};
}
constexpr SettingRow power(std::string_view section, std::string_view key, std::int64_t low,
                           std::int64_t high, std::string_view unit, std::string_view help,
                           std::uint32_t* (*field)(Settings&)) {
  return {section, key, kPowerOfTwo, low, high, unit, help, field, nullptr, nullptr, {}, {}};
}
constexpr SettingRow text(std::string_view section, std::string_view key, SettingType type, std::int64_t high,
                          std::string_view help, std::string* (*field)(Settings&)) {
  return {section, key, type, 1, high, {}, help, nullptr, field, nullptr, {}, {}};
}
constexpr SettingRow choice(std::string_view section, std::string_view key, std::string_view yes,
                            std::string_view no, std::string_view help, bool* (*field)(Settings&)) {
  return {section, key, kChoice, 0, 0, {}, help, nullptr, nullptr, field, yes, no};
}

constexpr SettingRow word(std::string_view section, std::string_view key, std::string_view words,
                          std::string_view help) {
  return {section, key, kWord, 0, 0, {}, help, nullptr, nullptr, nullptr, words, {}};
}

/// A row of a list: the loader of that list reads it, `otherwise` is its default.
constexpr SettingRow listed(SettingRow row, std::string_view otherwise) {
  row.otherwise = otherwise;
  return row;
}

constexpr SettingRow word(std::string_view section, std::string_view key, std::string_view words,
                          std::string_view help, std::string* (*field)(Settings&)) {
  return {section, key, kWord, 0, 0, {}, help, nullptr, field, nullptr, words, {}};
}
constexpr SettingRow days(std::string_view key, std::string_view help, std::uint32_t* (*field)(Settings&)) {
  return number("retention", key, 0, 36'500, "days", help, field);
}

#define WEIR_FIELD(path) [](Settings& s) { return &s.path; }
constexpr std::int64_t kPathMax = 4'095;
constexpr std::int64_t kConsoleAddressesMax = 4;

constexpr std::array kRows{
    text("", "appliance", kName, kApplianceNameBytesMax, "names this box in events", WEIR_FIELD(appliance)),
    text("", "run_directory", kPath, kRunDirectoryBytesMax, "where the Unix sockets of the processes are",
         WEIR_FIELD(run_directory)),
    text("", "state_directory", kPath, kPathMax, "what has to outlive a restart of the data plane",
         WEIR_FIELD(state_directory)),
    text("", "operators", kName, 32,
         "the group whose members may turn the bypass on and off and capture packets, besides root",
         WEIR_FIELD(operators)),
    number("", "workers", 1, kWorkersMax, "workers", "packet workers, each with its own classifier",
           WEIR_FIELD(workers)),
    text("", "cores", kCores, 255, "the CPU cores of the workers, one each", WEIR_FIELD(cores)),

    text("pairs", "name", kName, kPairNameBytesMax, "names the pair in events and counters", nullptr),
    text("pairs", "inside", kDevice, kDeviceBytesMax, "the port towards the users", nullptr),
    text("pairs", "outside", kDevice, kDeviceBytesMax, "the port towards the uplink", nullptr),
    choice("pairs", "mode", "strict", "monitor",
           "the default of every exception: strict drops what could not be judged, monitor passes it",
           nullptr),
    choice("pairs", "fail", "closed", "open",
           "what happens to frames when Weir is dead; without it open in mode monitor", nullptr),
    word("pairs", "bypass", "auto|none|kernel-bridge|nic", "the way round Weir; auto: what the ports offer"),
    word("pairs", "urgent", "clear|drop|pass",
         "the urgent pointer of a TCP flow that is judged; pass lets a receiver read another name than Weir"),
    word("pairs", "block", "answer|reset|drop",
         "what the ends of a flow that the policy blocks notice: why, where its protocol has a word for it, "
         "else "
         "an RST or ICMP error; always that; nothing"),

    choice("memory", "hugepages", "auto", "off", "auto uses hugepages where the kernel has them",
           WEIR_FIELD(memory.hugepages)),
    choice(
        "memory", "keep_flows", "on", "off",
        "on keeps decided flows over a restart of the data plane, in the run directory (which is in memory)",
        WEIR_FIELD(memory.keep_flows)),
    number("memory", "megabytes", 64, 1'048'576, "MiB", "memory for DPDK when there are no hugepages",
           WEIR_FIELD(memory.megabytes)),
    number("memory", "packets", 1'024, 4'194'304, "packets", "packet buffers", WEIR_FIELD(memory.packets)),
    number("memory", "frame_bytes", 2'048, 9'216, "bytes",
           "longest frame in one buffer; longer ones come in pieces where the port can",
           WEIR_FIELD(memory.frame_bytes)),
    number("memory", "flows", 1'024, 16'777'216, "flows", "entries of the flow table, for each worker",
           WEIR_FIELD(memory.flows)),
    number("memory", "parked", 64, 1'048'576, "packets",
           "packets that may wait for a verdict, for each worker", WEIR_FIELD(memory.parked)),
    number("memory", "parked_per_flow", 1, 1'024, "packets",
           "packets of one flow that may wait for a verdict", WEIR_FIELD(memory.parked_per_flow)),
    number("memory", "fragments", 64, 16'384, "datagrams",
           "IP datagrams of which fragments may be held, for each worker", WEIR_FIELD(memory.fragments)),
    power("memory", "channel_requests", 16, 1'048'576, "records",
          "inspection channel, towards the classifier", WEIR_FIELD(memory.channel_requests)),
    power("memory", "channel_answers", 128, 1'048'576, "records", "inspection channel, from the classifier",
          WEIR_FIELD(memory.channel_answers)),

    number("timeouts", "inspection_deadline_ms", 10, 60'000, "ms",
           "how long a packet waits for its verdict before classifier-slow applies",
           WEIR_FIELD(timeouts.inspection_deadline_ms)),
    number("timeouts", "tcp_half_open_s", 1, 3'600, "s", "idle time of a TCP flow without its handshake",
           WEIR_FIELD(timeouts.tcp_half_open_s)),
    number("timeouts", "tcp_established_s", 10, 604'800, "s", "idle time of an established TCP flow",
           WEIR_FIELD(timeouts.tcp_established_s)),
    number("timeouts", "tcp_closed_s", 1, 600, "s", "how long a closed TCP flow is remembered",
           WEIR_FIELD(timeouts.tcp_closed_s)),
    number("timeouts", "udp_s", 1, 86'400, "s", "idle time of a UDP flow", WEIR_FIELD(timeouts.udp_s)),
    number("timeouts", "other_s", 1, 86'400, "s", "idle time of any other flow",
           WEIR_FIELD(timeouts.other_s)),
    number("timeouts", "fragment_s", 1, 120, "s", "how long IP fragments wait for the rest of their datagram",
           WEIR_FIELD(timeouts.fragment_s)),

    number("overload", "names_only_at", 1, 98, "%",
           "fill of the channel or the parking at which new flows are not labelled any more",
           WEIR_FIELD(overload.names_only_at)),
    number("overload", "l4_at", 2, 99, "%",
           "fill at which new flows are judged by addresses, ports and protocol alone",
           WEIR_FIELD(overload.l4_at)),
    number("overload", "bypass_at", 3, 100, "%",
           "fill at which new flows are not looked at: the exception row overload applies",
           WEIR_FIELD(overload.bypass_at)),

    text("redis", "socket", kPath, 107, "the Unix socket of redis-server", WEIR_FIELD(redis.socket)),
    text("redis", "nodes", kNodes, kNodesMax,
         "some servers of a Redis Cluster, or one server elsewhere, in place of the socket",
         WEIR_FIELD(redis.nodes)),
    text("redis", "node_sockets", kPathOrNone, kNodeSocketsBytesMax,
         "a directory with one Unix socket for each of the cluster's nodes, called as the node "
         "(`10.0.0.1:6379`): the ends of the tunnels that lead there; a classifier needs it",
         WEIR_FIELD(redis.node_sockets)),
    text("redis", "appliances", kNames, kAppliancesMax, "whose events the engine reads from `nodes`",
         WEIR_FIELD(redis.appliances)),
    text("redis", "classifier_user", kName, 32, "the ACL user that appends events",
         WEIR_FIELD(redis.classifier_user)),
    text("redis", "classifier_password_file", kPathOrNone, kPathMax, "one line, the password; none: no AUTH",
         WEIR_FIELD(redis.classifier_password_file)),
    text("redis", "engine_user", kName, 32, "the ACL user that reads events", WEIR_FIELD(redis.engine_user)),
    text("redis", "engine_password_file", kPathOrNone, kPathMax, "one line, the password; none: no AUTH",
         WEIR_FIELD(redis.engine_password_file)),
    text("redis", "reader_user", kName, 32, "the ACL user that looks at events (weirctl)",
         WEIR_FIELD(redis.reader_user)),
    text("redis", "reader_password_file", kPathOrNone, kPathMax, "one line, the password; none: no AUTH",
         WEIR_FIELD(redis.reader_password_file)),
    text("redis", "export_user", kName, 32, "the ACL user that reads events for other tools (weir-export)",
         WEIR_FIELD(redis.export_user)),
    text("redis", "export_password_file", kPathOrNone, kPathMax, "one line, the password; none: no AUTH",
         WEIR_FIELD(redis.export_password_file)),
    number("redis", "stream_entries_max", 1'000, 1'000'000'000, "events",
           "about how many events a stream keeps", WEIR_FIELD(redis.stream_entries_max)),
    number("redis", "stream_keep_s", 0, 604'800, "s",
           "how long events stay in a stream that every reader of it has acknowledged",
           WEIR_FIELD(redis.stream_keep_s)),

    text("classifier", "user", kName, 32, "the user that a classifier becomes when started as root",
         WEIR_FIELD(classifier.user)),
    text("classifier", "policy", kPath, kPathMax, "the policy in force", WEIR_FIELD(classifier.policy)),
    text("classifier", "catalogue", kPathOrNone, kPathMax, "the software catalogue",
         WEIR_FIELD(classifier.catalogue)),
    text("classifier", "signatures", kPathOrNone, kPathMax, "the operator's own signatures of applications",
         WEIR_FIELD(classifier.signatures)),
    text("classifier", "safe_search", kPathOrNone, kPathMax, "the safe names of search engines",
         WEIR_FIELD(classifier.safe_search)),
    text("classifier", "country_database", kPathOrNone, kPathMax, "countries, in MaxMind's format",
         WEIR_FIELD(classifier.country_database)),
    text("classifier", "asn_database", kPathOrNone, kPathMax, "autonomous systems, in MaxMind's format",
         WEIR_FIELD(classifier.asn_database)),
    number("classifier", "stream_bytes_max", 4'096, 1'048'576, "bytes",
           "assembled of one direction of a flow before it is undecidable",
           WEIR_FIELD(classifier.stream_bytes_max)),
    number("classifier", "stream_bytes_total_max", 1'048'576, 4'294'967'295, "bytes",
           "assembled of all flows together", WEIR_FIELD(classifier.stream_bytes_total_max)),
    number("classifier", "ndpi_packets_max", 1, 1'024, "packets", "payload packets of one flow shown to nDPI",
           WEIR_FIELD(classifier.ndpi_packets_max)),
    text("classifier", "ndpi_dissectors", kWords, 4'095, "nDPI's dissectors that run, by nDPI's names",
         WEIR_FIELD(classifier.ndpi_dissectors)),
    number("classifier", "event_queue", 1'024, 4'194'304, "events",
           "events that may wait in memory for Redis or the disk", WEIR_FIELD(classifier.event_queue)),
    number("classifier", "spool_megabytes", 0, 65'536, "MiB",
           "events that may wait on disk for Redis, for each worker; 0: none do",
           WEIR_FIELD(classifier.spool_megabytes)),

    text("engine", "user", kName, 32, "the user that the engine becomes when started as root",
         WEIR_FIELD(engine.user)),
    text("engine", "store", kPathOrUrl, kPathMax,
         "violations, inventory and sums: an SQLite file, or a PostgreSQL database by its URL",
         WEIR_FIELD(engine.store)),
    text("engine", "store_password_file", kPathOrNone, kPathMax,
         "one line, the password of that database; none: none is sent",
         WEIR_FIELD(engine.store_password_file)),
    number("engine", "due_critical_h", 0, 8'760, "h",
           "until a violation has to be closed, from its first sighting; 0: never",
           WEIR_FIELD(engine.due_critical_h)),
    number("engine", "due_high_h", 0, 8'760, "h", "the same, of severity high",
           WEIR_FIELD(engine.due_high_h)),
    number("engine", "due_medium_h", 0, 8'760, "h", "the same, of severity medium",
           WEIR_FIELD(engine.due_medium_h)),
    number("engine", "due_low_h", 0, 8'760, "h", "the same, of severity low", WEIR_FIELD(engine.due_low_h)),
    number("engine", "due_info_h", 0, 8'760, "h", "the same, of severity info",
           WEIR_FIELD(engine.due_info_h)),
    number("engine", "keep_minutes_h", 1, 744, "h", "how long the sums of flows of each minute are kept",
           WEIR_FIELD(engine.keep_minutes_h)),
    number("engine", "keep_hours_d", 1, 1'096, "days", "how long those of each hour are kept",
           WEIR_FIELD(engine.keep_hours_d)),
    number("engine", "keep_days_d", 1, 3'660, "days", "how long those of each day are kept",
           WEIR_FIELD(engine.keep_days_d)),

    number("capture", "megabytes", 0, 4'096, "MiB", "recent packets that are remembered, for each worker",
           WEIR_FIELD(capture.megabytes)),
    number("capture", "snap_bytes", 64, 16'384, "bytes", "of each packet", WEIR_FIELD(capture.snap_bytes)),
    choice("capture", "packets", "all", "judged",
           "judged remembers what the classifier is shown, all every packet of every flow",
           WEIR_FIELD(capture.all)),
    choice("capture", "on", "block", "request",
           "block writes a file for each flow that the policy blocks, request only when an operator asks",
           WEIR_FIELD(capture.on_block)),
    text("capture", "directory", kPath, kPathMax, "where the files are; the data plane writes them",
         WEIR_FIELD(capture.directory)),
    number("capture", "files_max", 16, 10'000, "files", "the oldest go first", WEIR_FIELD(capture.files_max)),
    number("capture", "megabytes_max", 16, 1'048'576, "MiB", "of all files; the oldest go first",
           WEIR_FIELD(capture.megabytes_max)),

    text("export", "user", kName, 32, "the user that weir-export becomes when started as root",
         WEIR_FIELD(exporter.user)),

    text("outputs", "name", kName, kOutputNameBytesMax, "names the output in metrics, logs and Redis",
         nullptr),
    listed(word("outputs", "format", "eve|ecs|cef|syslog|ipfix", "what is written; docs/events.md has each"),
           "required"),
    text("outputs", "to", kDestination, 4'095, "where to; a port that is left out is 514, 601, 6514 or 4739",
         nullptr),
    listed(text("outputs", "types", kTypeList, 0,
                "the records that are written; ecs, cef and syslog have flow and alert, ipfix flow", nullptr),
           "all of the format"),
    listed(
        word("outputs", "severity", "info|low|medium|high|critical", "the least that alerts and drops have"),
        "info"),
    listed(word("outputs", "people", "none|pseudonym|clear",
                "who acted: none: by address alone; pseudonym: as weirctl does, without any address of the "
                "inside (not "
                "ipfix); clear: also by user, host name and mail addresses, and subjects of mails"),
           "none"),
    listed(number("outputs", "rotate_megabytes", 1, 1'048'576, "MiB", "size at which a file is put aside",
                  nullptr),
           "100"),
    listed(number("outputs", "rotate_files", 1, 1'000, "files",
                  "kept beside the current one, FILE.1 is the newest", nullptr),
           "10"),
    listed(text("outputs", "ca_file", kPath, kPathMax,
                "syslog+tls: one of these authorities must have signed the receiver's certificate", nullptr),
           "/etc/ssl/certs/ca-certificates.crt"),
    listed(text("outputs", "certificate_file", kPathOrNone, kPathMax,
                "syslog+tls: the appliance's own, in PEM, for a receiver that asks", nullptr),
           "none"),
    listed(text("outputs", "key_file", kPathOrNone, kPathMax,
                "syslog+tls: its key, which weir-export alone may read", nullptr),
           "none"),

    text("notify", "user", kName, 32, "the user that weir-notify becomes when started as root",
         WEIR_FIELD(notify.user)),

    text("console", "user", kName, 32,
         "the user that the part of weir-console that talks to browsers becomes when started as root",
         WEIR_FIELD(console.user)),
    text("console", "listen", kNodes, kConsoleAddressesMax, "where it listens: on the management network",
         WEIR_FIELD(console.listen)),
    text("console", "certificate_file", kPathOrNone, kPathMax,
         "in PEM, with what leads to its authority; none: the appliance makes one itself at the first start",
         WEIR_FIELD(console.certificate_file)),
    text("console", "key_file", kPathOrNone, kPathMax, "its key", WEIR_FIELD(console.key_file)),
    text("console", "pages", kPath, kPathMax, "the folder of the web pages", WEIR_FIELD(console.pages)),
    number("console", "idle_minutes", 1, 480, "minutes", "a session ends after so long without a request",
           WEIR_FIELD(console.idle_minutes)),
    number("console", "session_hours", 1, 72, "hours", "a session ends so long after its login",
           WEIR_FIELD(console.session_hours)),
    number("console", "code_minutes", 1, 1'440, "minutes",
           "how long the one-time code for the first account is good", WEIR_FIELD(console.code_minutes)),

    text("report", "directory", kPath, kPathMax, "where the reports of the timer are kept",
         WEIR_FIELD(report.directory)),
    number("report", "keep_days", 1, 3'650, "days", "how long they are kept", WEIR_FIELD(report.keep_days)),
    choice("report", "language", "en", "fr", "of reports", WEIR_FIELD(report.english)),
    choice("report", "paper", "a4", "letter", "of reports", WEIR_FIELD(report.a4)),

    choice("privacy", "people", "clear", "pseudonym",
           "how weirctl names the people and clients of violations, software and quotas",
           WEIR_FIELD(privacy.clear)),
    number("privacy", "approvers", 1, 2, "persons",
           "who it takes to reveal a pseudonym; 2: another user than asked approves",
           WEIR_FIELD(privacy.approvers)),
    number("privacy", "request_minutes", 1, 10'080, "minutes",
           "how long a request to reveal waits for its approval, and the approval for its use",
           WEIR_FIELD(privacy.request_minutes)),

    days("flows_days", "ended flows", WEIR_FIELD(retention.flows_days)),
    days("violations_days", "violations, since they were last seen", WEIR_FIELD(retention.violations_days)),
    days("software_days", "the software inventory, since it was last seen",
         WEIR_FIELD(retention.software_days)),
    days("identities_days", "what subjects used of quotas, since the period ended",
         WEIR_FIELD(retention.identities_days)),
    days("audit_days", "the audit log", WEIR_FIELD(retention.audit_days)),

    word("evidence", "severity", "never|info|low|medium|high|critical",
         "a flow that a rule of this severity or a higher one hits gets a capture file, from before the hit",
         WEIR_FIELD(evidence.severity)),
};
#undef WEIR_FIELD

}  // namespace

std::vector<std::string_view> comma_separated(std::string_view text) {
  std::vector<std::string_view> items;
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    more = comma != std::string_view::npos;
    std::string_view item = text.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    items.push_back(item);
    if (more) text.remove_prefix(comma + 1);
  }
  return items;
}

std::span<const SettingRow> settings_table() { return kRows; }

}  // namespace weir
