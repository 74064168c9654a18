// SPDX-License-Identifier: Apache-2.0
// The rows of the policy's keys, and nothing else.
#include <iterator>

#include "policy/lang/compile.h"
#include "policy/lang/detectors.h"
#include "policy/lang/exceptions.h"
#include "policy/lang/keys.h"
#include "policy/lang/policy.h"

namespace weir::policy {
namespace {

using enum KeyMap;
using enum KeyType;

constexpr std::string_view kThen = "allow|report|limit|safe_search|refuse|continue|page|block";
constexpr std::string_view kSeverities = "info|low|medium|high|critical";
constexpr std::string_view kMailProtocols = "smtp|submission|imap|pop3";
constexpr std::string_view kAddress = "^[0-9a-fA-F.:]+$";
constexpr std::string_view kNetwork = "^[0-9a-fA-F.:]+(/[0-9]{1,3})?$";
constexpr std::string_view kMac = "^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$";
constexpr std::string_view kMailAddress = "^.+@.+$";
constexpr std::string_view kPort = "^[0-9]{1,5}(-[0-9]{1,5})?$";
constexpr std::string_view kAsn = "^([Aa][Ss])?[0-9]{1,10}$";
constexpr std::string_view kCountry = "^[A-Za-z]{2}$";
constexpr std::string_view kDay = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
constexpr std::string_view kDays = "^(daily|(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?)$";
constexpr std::string_view kHours = "^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$";
constexpr std::string_view kMoment =
    "^(mon|tue|wed|thu|fri|sat|sun|[0-9]{4}-[0-9]{2}-[0-9]{2}) [0-9]{2}:[0-9]{2}$";

constexpr std::string_view kRate = "^[0-9]+ ?[kMG]bit/s$";
constexpr std::string_view kDuration = "^[0-9]+[smh]$";
constexpr std::string_view kSize = "^[0-9]+ ?[kMG]?B$";
constexpr std::string_view kMinutes = "^[0-9]+(m|h)$";
constexpr std::string_view kEnd =
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}|T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2}))?$";

using Text = std::string_view;
/// Keys of the design that are refused in this version.
constexpr KeyRow later(KeyMap map, Text keys) { return {map, {}, kLater, {}, {}, keys}; }
constexpr KeyRow simple(KeyMap map, Text key, KeyType type, Text meaning) {
  return {map, key, type, meaning};
}
constexpr KeyRow word(KeyMap map, Text key, Text words, Text meaning) {
  return {map, key, kWord, meaning, {}, words};
}
constexpr KeyRow words(KeyMap map, Text key, Text words, Text meaning) {
  return {map, key, kWords, meaning, {}, words, {}, 0, kValuesPerKeyMax};
}
constexpr KeyRow text(KeyMap map, Text key, Text values, Text meaning, Text pattern = {}) {
  return {map, key, kText, meaning, values, {}, pattern};
}
constexpr KeyRow texts(KeyMap map, Text key, Text values, Text meaning, Text pattern = {}) {
  return {map, key, kTexts, meaning, values, {}, pattern, 0, kValuesPerKeyMax};
}
constexpr KeyRow limited(KeyMap map, Text key, std::size_t bytes, Text meaning) {
  return {map, key, kText, meaning, {}, {}, {}, 0, static_cast<std::int64_t>(bytes)};
}
constexpr KeyRow note(KeyMap map, Text key, Text meaning) {
  return limited(map, key, kTellBytesMax, meaning);
}
constexpr KeyRow number(KeyMap map, Text key, std::int64_t low, std::int64_t high, Text meaning) {
  return {map, key, kNumber, meaning, {}, {}, {}, low, high};
}
constexpr KeyRow numbers(KeyMap map, Text key, std::int64_t low, std::int64_t high, Text meaning) {
  return {map, key, kNumbers, meaning, {}, {}, {}, low, high};
}
constexpr KeyRow maps(KeyMap map, Text key, KeyType type, KeyMap of, std::size_t most, Text meaning) {
  return {map, key, type, meaning, {}, {}, {}, 0, static_cast<std::int64_t>(most), of};
}
constexpr KeyRow needed(KeyRow row) {
  row.required = true;
  return row;
}

constexpr KeyRow one_of(std::uint8_t number, KeyRow row) {
  row.one_of = number;
  return row;
}

/// Its row of detectors.h says what it does.
constexpr KeyRow detector(Text name) {
  return {kDetect, name, kMap, "its parameters; `{}`: the usual ones", {}, {}, {}, 0, 0, kDetector};
}

constexpr KeyRow kRows[] = {
    needed(word(kPolicy, "weir-policy", "1", "the version of the language; the file begins with it")),
    text(kPolicy, "timezone", "a zone, such as `America/Toronto`", "of schedules and dates; left out: UTC"),
    word(kPolicy, "mode", "monitor|enforce",
         "`monitor`: no rule blocks, all record what they would block; left out: `enforce`"),
    maps(kPolicy, "groups", kNamed, kGroup, kGroupsMax, "of clients; the first that holds a client names it"),
    maps(kPolicy, "directory", kMap, kDirectory, 0, "where the users of directory groups are written"),
    maps(kPolicy, "schedules", kNamed, kSchedule, kSchedulesMax, "times of the week"),
    maps(kPolicy, "lists", kNamed, kDomains, 0, "names for sets of domains"),
    maps(kPolicy, "categories", kNamedOrFolder, kDomains, 0,
         "the same, for the key `category`; a folder: every `NAME.txt` in it is the category `NAME`"),
    maps(kPolicy, "network", kMaps, kRule, kRulesMax, "rules for every flow"),
    maps(kPolicy, "web", kMaps, kRule, kRulesMax,
         "rules for flows with a name, and HTTP, TLS and QUIC without one"),
    maps(kPolicy, "email", kMaps, kRule, kRulesMax, "rules for SMTP, submission, IMAP and POP3"),
    maps(kPolicy, "software", kMap, kSoftware, 0, "which products may be used"),
    maps(kPolicy, "assert", kMaps, kAssertion, kAssertionsMax,
         "what must stay reachable or blocked, whatever the rules say"),
    maps(kPolicy, "tests", kMaps, kTest, kTestsMax, "flows, and what the policy has to say of each"),
    maps(kPolicy, "exceptions", kMaps, kException, kExceptionsMax,
         "what somebody may do until a day, whatever the rules say"),
    maps(kPolicy, "detect", kMap, kDetect, 0, "what the engine looks for in the flows of all clients"),
    later(kPolicy, "quotas|limits|pages|notify|include"),

    texts(kGroup, "subnets", "networks, such as `10.20.0.0/16`, `\"fd00:20::/48\"`",
          "clients of these networks", kNetwork),
    texts(kGroup, "hosts", "addresses", "these clients", kNetwork),
    numbers(kGroup, "vlans", 1, 4'094, "clients whose frames carry this outer VLAN id"),
    texts(kGroup, "macs", "such as `\"02:00:00:00:00:01\"`", "clients by the address of their card", kMac),
    texts(kGroup, "names", "patterns, such as `lab-pc-*`",
          "clients by the host name that they give themselves"),
    words(kGroup, "names_from", "dhcp|mdns|netbios|llmnr|kerberos",
          "where a name of `names` may have been seen; left out: `dhcp`"),
    texts(kGroup, "users", "patterns, such as `anna`, `anna@EXAMPLE.LAN`, `\"*@EXAMPLE.LAN\"`",
          "clients by who has logged in at them, as RADIUS or Kerberos says"),
    texts(kGroup, "directory", "groups of the mapping file, such as `Domain Users`",
          "clients at which one of their users has logged in"),

    needed(text(kDirectory, "file", "a path", "the mapping file; looked for beside the policy")),

    texts(kSchedule, "days", "`mon-fri`, `sat`, `daily`", "left out: `daily`", kDays),
    texts(kSchedule, "hours", "`\"08:00-17:30\"`",
          "`\"22:00-06:00\"` passes midnight and belongs to the day on which it begins; left out: all day",
          kHours),
    later(kSchedule, "dates|except"),

    one_of(1, texts(kDomains, "domains", "domains",
                    "of the list; `\"*.name.example\"`: only what is below the name")),
    one_of(1, text(kDomains, "file", "a path", "a domain a line; looked for beside the policy")),
    later(kDomains, "url|format"),

    needed(simple(kRule, "rule", kName, "its name, unique in the policy")),
    simple(kRule, "who", kCondition, "the client's group; left out: everyone"),
    simple(kRule, "when", kCondition, "a schedule; left out: always"),
    maps(kRule, "match", kMap, kMatch, 0,
         "every key must hold, of a key's values any; left out: everything of the section"),
    needed(word(kRule, "then", kThen,
                "what happens; `refuse`: email only; `safe_search`, `continue`, `page`: web only")),
    text(kRule, "rate", "`500 kbit/s`, `2 Mbit/s`", "of `then: limit`: how fast at most", kRate),
    word(kRule, "per", "client|flow",
         "of `then: limit`: all limited flows of a client together, or each; left out: `client`"),
    word(kRule, "youtube", "strict|moderate",
         "of `then: safe_search`: which of YouTube's two restrictions; left out: `strict`"),
    text(kRule, "for", "`15m`, `2h`",
         "of `then: continue`: how long a click holds, `1m` to `24h`; left out: `30m`", kDuration),
    maps(kRule, "quota", kMap, kQuota, 0, "how much is let pass before the rule speaks"),
    word(kRule, "severity", kSeverities, "of the violation; left out: `medium`"),
    word(kRule, "mode", "monitor", "records what it would block, and leaves the wire alone"),
    simple(kRule, "allow_guess", kBoolean, "`true`: a guessed application may block"),
    note(kRule, "tell_user", "what the user is told"),
    note(kRule, "tell_officer", "a note for the officer, shown with the rule"),
    later(kRule, "redirect|expires|ask"),

    one_of(1, text(kQuota, "time", "`45m`, `10h`", "minutes in which at least 4 KiB pass", kMinutes)),
    one_of(1, text(kQuota, "bytes", "`500 MB`, `2 GB`", "of frames, both directions together", kSize)),
    one_of(1, number(kQuota, "flows", 1, kQuotaCountMax, "connections, and the like of UDP")),
    one_of(1, number(kQuota, "messages", 1, kQuotaCountMax, "mails that a server took; email only")),
    word(kQuota, "per", "client|user|group|all", "who shares it; left out: `client`"),
    needed(word(kQuota, "every", "day|week|month",
                "after which it begins anew, at midnight; a week begins on Monday")),

    needed(texts(kNot, "not", "names", "every group or schedule but these")),

    maps(kNetworkMatch, "app", kApps, {}, kValuesPerKeyMax, "application or its master protocol"),
    texts(kNetworkMatch, "country", "two letters, such as `CA`", "of the outside end", kCountry),
    texts(kNetworkMatch, "asn", "`AS64496`, `64496`", "autonomous system of the outside end", kAsn),
    texts(kNetworkMatch, "destination", "addresses, networks", "address of the responder", kNetwork),
    texts(kNetworkMatch, "port", "`443`, `6881-6889`", "of the responder", kPort),
    words(kNetworkMatch, "protocol", "tcp|udp|icmp", "`icmp`: ICMP and ICMPv6"),

    texts(kWebMatch, "domain", "domains, names of lists", "a name of the flow"),
    texts(kWebMatch, "category", "names of categories", "of a name of the flow"),
    maps(kWebMatch, "app", kApps, {}, kValuesPerKeyMax, "application or its master protocol"),
    texts(kWebMatch, "country", "two letters, such as `CA`", "of the outside end", kCountry),
    texts(kWebMatch, "path", "patterns, such as `/admin/*`",
          "of a request in clear text, as servers resolve it"),
    texts(kWebMatch, "method", "`POST`", "of a request in clear text"),
    texts(kWebMatch, "file", "patterns, such as `\"*.exe\"`",
          "of a request in clear text: the name that the reply gives, else the end of the path"),
    texts(kWebMatch, "content_type", "patterns, such as `video/*`", "of a reply in clear text"),
    text(kWebMatch, "download_over", "`10 MB`", "a reply in clear text says that it is longer", kSize),
    word(kWebMatch, "name", "none", "the flow has no name at all"),
    word(kWebMatch, "tls_below", "1.1|1.2|1.3",
         "the server chose a lower version, or the client offers no higher one"),
    texts(kWebMatch, "ja4", "patterns, such as `t13d1516h2_8daaf6152771_*`",
          "fingerprint of the client's hello"),

    words(kEmailMatch, "protocol", kMailProtocols, "of the session"),
    texts(kEmailMatch, "sender", "addresses, domains, names of lists", "of the envelope (MAIL FROM)"),
    texts(kEmailMatch, "recipient", "addresses, domains, names of lists", "of the envelope (RCPT TO)"),
    word(kEmailMatch, "tls", "none|starttls",
         "`none`: a recipient was named without TLS; `starttls`: STARTTLS was in use"),
    texts(kEmailMatch, "from", "addresses, domains, names of lists", "of the header From"),
    texts(kEmailMatch, "subject", "patterns, such as `\"*invoice*\"`", "decoded"),
    number(kEmailMatch, "recipients_over", 0, kRecipientsCountedMax,
           "the message has more recipients, with the one that is being named"),
    text(kEmailMatch, "message_over", "`25 MB`", "the message is longer, as far as it was seen", kSize),
    maps(kEmailMatch, "attachment", kMap, kAttachment, 0, "one of the message is like this"),

    one_of(1, texts(kAttachment, "type", "`pe`, `zip`, `exe`, `js`",
                    "by its bytes, or the ending of its name, whichever it is")),
    one_of(1, texts(kAttachment, "name", "patterns, such as `\"*.pdf.exe\"`", "its name")),
    one_of(1, text(kAttachment, "over", "`10 MB`", "it is longer, as far as it was seen", kSize)),
    one_of(1, simple(kAttachment, "encrypted", kBoolean,
                     "`true`: an archive or document that cannot be looked into")),

    later(kMatch, "size|body|header|recipients_max|url|file_type|content|rate|ja3|risk|referer"),

    word(kSoftware, "unknown", "allow|report|block",
         "what happens to products of neither list; left out: `allow`"),
    maps(kSoftware, "authorised", kMaps, kAuthorised, kRulesMax, "products that may be used"),
    maps(kSoftware, "unauthorised", kMaps, kUnauthorised, kRulesMax, "products that may not"),
    later(kSoftware, "inventory|require"),

    needed(simple(kAuthorised, "product", kName, "an id of the software catalogue")),
    text(kAuthorised, "versions", "`\">=115\"`, `\">=1.2 <2\"`, `\"3.4\"` (3.4, 3.4.x and 3.4p1)",
         "left out: all of them"),
    text(kAuthorised, "owner", "", "who answers for it"),
    text(kAuthorised, "until", "a day, such as `2027-06-30`", "the last day on which it is authorised", kDay),
    later(kAuthorised, "who|when"),

    needed(simple(kUnauthorised, "product", kName, "an id of the software catalogue")),
    word(kUnauthorised, "then", "report|limit|block", "what happens; left out: `report`"),
    text(kUnauthorised, "rate", "as in a rule", "as in a rule", kRate),
    word(kUnauthorised, "per", "client|flow", "as in a rule"),
    simple(kUnauthorised, "rule", kName, "left out: `unauthorised-PRODUCT`"),
    word(kUnauthorised, "severity", kSeverities, "as in a rule"),
    word(kUnauthorised, "mode", "monitor", "as in a rule"),
    simple(kUnauthorised, "allow_guess", kBoolean, "as in a rule"),
    note(kUnauthorised, "tell_user", "as in a rule"),
    note(kUnauthorised, "tell_officer", "as in a rule"),
    later(kUnauthorised, "who|when|versions|quota"),

    needed(simple(kException, "exception", kName, "its name, unique among exceptions")),
    one_of(1, texts(kException, "client", "addresses, networks", "for whom: the inside end", kNetwork)),
    one_of(1,
           texts(kException, "mac", "such as `\"02:00:00:00:00:01\"`", "for whom: the client's card", kMac)),
    one_of(1, texts(kException, "group", "names of groups", "for whom: clients of a group")),
    one_of(2, texts(kException, "domain", "domains",
                    "what: every name of the flow is one of them, or below one")),
    one_of(2,
           maps(kException, "app", kApps, {}, kValuesPerKeyMax, "what: application or its master protocol")),
    one_of(2, texts(kException, "recipient", "addresses, domains", "what: mail to them")),
    one_of(2, texts(kException, "product", "ids of the software catalogue", "what: use of the product")),
    one_of(2, texts(kException, "rule", "names of rules", "what: the only rules that are silent")),
    needed(text(kException, "until", "`2027-06-30`, `\"2027-06-30 18:00\"` or `2027-06-30T16:00:00Z`",
                "its last day, or the moment at which it ends", kEnd)),
    needed(limited(kException, "owner", kExceptionBytesMax, "who answers for it")),
    needed(limited(kException, "reason", kExceptionBytesMax, "why it was made")),
    limited(kException, "by", kExceptionBytesMax, "who made it; written by weirctl"),
    text(kException, "made", "a moment", "when; written by weirctl", kEnd),
    text(kException, "violation", "a number", "the violation that it was made for; written by weirctl",
         "^[0-9]{1,18}$"),

    needed(simple(kTest, "test", kName, "its name")),
    needed(maps(kTest, "flow", kMap, kFlow, 0, "what is known of the flow")),
    needed(word(kTest, "expect", kThen,
                "as it would be enforced: a rule in monitor mode counts as what it says")),
    text(kTest, "rule", "the name of a rule", "that has to decide; left out: any"),
    text(kTest, "exception", "the name of an exception", "that has to hold; left out: any or none"),

    needed(text(kFlow, "client", "an address", "the inside end", kAddress)),
    text(kFlow, "to", "an address", "the other end; left out: 192.0.2.1 or 2001:db8::1", kAddress),
    text(kFlow, "port", "1 to 65535", "of the other end; left out: 443, or the port of `mail`", kPort),
    word(kFlow, "protocol", "tcp|udp|icmp", "left out: `tcp`"),
    number(kFlow, "vlan", 1, 4'094, "of the client; left out: none"),
    text(kFlow, "mac", "such as `\"02:00:00:00:00:01\"`", "of the client; left out: none", kMac),
    text(kFlow, "client_name", "a host name", "of the client, by DHCP; left out: not known"),
    text(kFlow, "user", "a user", "of the client, by RADIUS; left out: not known"),
    text(kFlow, "host", "a name", "left out: not known, and it stays so"),
    simple(kFlow, "engine", kName, "a DNS question for `host`, which is a name of this search engine"),
    text(kFlow, "app", "as in rules, one", "left out: not known, and it stays so"),
    text(kFlow, "country", "as in rules, one", "left out: not known", kCountry),
    text(kFlow, "asn", "as in rules, one", "left out: not known", kAsn),
    word(kFlow, "mail", kMailProtocols, "the flow is mail"),
    text(kFlow, "sender", "a whole address", "of mail", kMailAddress),
    text(kFlow, "recipient", "a whole address", "of mail", kMailAddress),
    word(kFlow, "tls", "none|starttls", "of mail"),
    text(kFlow, "method", "`POST`", "of a request in clear text"),
    text(kFlow, "path", "`/admin/users`", "of a request in clear text"),
    text(kFlow, "subject", "any text", "of mail"),
    text(kFlow, "attachment", "`invoice.exe`", "of mail: the name of one"),
    texts(kFlow, "software", "products: `firefox`, `\"firefox 115\"`", "what was recognised"),
    texts(kFlow, "used_up", "names of rules", "with a `quota`: nothing is left of it"),
    texts(kFlow, "clicked_through", "names of rules", "with `then: continue`: the client went on"),
    text(kFlow, "at", "`\"mon 09:30\"`, `\"2026-11-27 09:30\"`",
         "local time; left out: Monday, 5 January 2026, noon", kMoment),

    needed(simple(kAssertion, "assert", kName, "its name")),
    simple(kAssertion, "who", kCondition, "the clients' group; left out: everyone"),
    needed(maps(kAssertion, "match", kMap, kEnds, 0, "where to")),
    needed(word(kAssertion, "stays", "reachable|blocked", "at any time")),

    texts(kEnds, "destination", "addresses, networks", "left out: anywhere", kNetwork),
    texts(kEnds, "port", "`443`, `6881-6889`", "left out: every port", kPort),
    words(kEnds, "protocol", "tcp|udp|icmp", "left out: `tcp`"),

    detector("new-software"),
    detector("unauthorised-software"),
    detector("old-version"),
    detector("product-gone"),
    detector("updates-overdue"),
    detector("new-device"),
    detector("mail-burst"),
    detector("many-recipients"),
    detector("direct-to-mx"),
    detector("mail-to-new-domains"),
    detector("after-hours"),
    detector("new-country"),
    detector("new-network"),
    detector("dns-tunnel"),
    detector("generated-names"),
    detector("beacon"),
    detector("many-blocks"),
    detector("uninspected"),
    detector("slow-server"),
    detector("slow-link"),

    simple(kDetector, "on", kBoolean, "`false`: it rests; left out: `true`"),
    word(kDetector, "severity", kSeverities, "of its violations"),
    texts(kDetector, "except", "names of groups", "whose clients it leaves out"),
    texts(kDetector, "except_domains", "domains, names of lists", "that it leaves out"),
    text(kDetector, "within", "`10m`, `1h`; `1m` to `24h`", "the length of its window", kDuration),
    number(kDetector, "count", 1, kDetectCountMax, "how many within the window are a violation"),
    number(kDetector, "percent", 1, kDetectPercentMax, "a share, a tolerance or an excess: see the detector"),
    number(kDetector, "learn_days", 0, kDetectDaysMax,
           "how long it only learns, from its first event on; of `new-country` and `new-network` for each "
           "client"),
    number(kDetector, "days", 1, kDetectDaysMax, "days on which the client was seen"),
    text(kDetector, "bytes", "`20 MB`", "how much has to be moved", kSize),
    text(kDetector, "entropy", "`3.20`; to `6.00`", "bits a character", "^[0-9](\\.[0-9]{1,2})?$"),
    simple(kDetector, "when", kCondition, "a schedule, or `{not: office}`: when it looks"),
    texts(kDetector, "products",
          "ids of the software catalogue, with versions: `firefox`, `\"firefox >=115\"`", "that it is about"),
};

}  // namespace

std::span<const KeyRow> key_rows() { return kRows; }

}  // namespace weir::policy
