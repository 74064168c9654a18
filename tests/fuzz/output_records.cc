// SPDX-License-Identifier: Apache-2.0
// Any event that passes decode_event, and any bytes in the texts of one, through every encoder of weir-export
// and every framing: each record can be read back by the rules of its format (tests/support/output_checks.h).
#include <cstdio>
#include <cstdlib>

#include "policy/engine/event_codec.h"
#include "policy/export/encoder.h"
#include "policy/export/framing.h"
#include "policy/export/sample.h"
#include "policy/export/syslog.h"
#include "policy/model/byte_reader.h"
#include "tests/support/output_checks.h"

namespace {

using namespace weir;

constexpr TimeNs kNow = 1'795'857'300'000'000'000;

void must(const std::string& why) {
  if (why.empty()) return;
  std::fprintf(stderr, "%s\n", why.c_str());
  abort();
}

void check_text(const event::FlowEvent& event, People people) {
  static const std::optional<policy::Pseudonyms> kPseudonyms{std::string(32, 'k')};
  for (const OutputFormat format :
       {OutputFormat::kEve, OutputFormat::kEcs, OutputFormat::kCef, OutputFormat::kSyslog}) {
    OutputSettings settings;
    settings.format = format;
    settings.types = types_of(format);
    settings.people = people;
    output::Records records;
    const auto encoder = output::make_encoder(settings, kPseudonyms);
    encoder->encode(event, records);
    encoder->sum_up(kNow, records);
    for (const output::Record& record : records) {
      if (format == OutputFormat::kEve || format == OutputFormat::kEcs) must(test::why_no_json(record.body));
      if (format == OutputFormat::kCef) must(test::why_no_cef(record.body));
      if (format == OutputFormat::kSyslog) must(test::why_no_structured_data(record.structured));
      must(test::why_no_line(output::syslog_message(record)));
    }
  }
}

void check_ipfix(const event::FlowEvent& event) {
  OutputSettings settings;
  settings.format = OutputFormat::kIpfix;
  output::Records records;
  output::make_encoder(settings, {})->encode(event, records);
  for (const Carrier carrier : {Carrier::kIpfixUdp, Carrier::kIpfixTcp}) {
    std::vector<std::string> messages;
    const auto framing = output::make_framing(carrier);
    framing->begin_session();
    for (const output::Record& record : records) framing->add(record, kNow, messages);
    framing->flush(kNow, messages);
    test::Collector collector;
    for (const std::string& message : messages) must(collector.take(message));
    if (collector.rows().size() != records.size()) must("a record is missing");
  }
}

event::FlowEvent event_with_texts(std::string_view text) {
  event::FlowEvent event = output::sample_event("weir", kNow);
  const std::string bytes{text};
  event.set_host(bytes);
  event.set_app(bytes);
  event.set_pair(bytes);
  event.set_http_path(bytes);
  event.set_http_method(bytes.empty() ? "GET" : bytes);
  event.set_user_agent(bytes);
  event.set_end_reason(bytes);
  event.set_asn(64'496);
  event.set_as_org(bytes);
  event.set_country(bytes);
  event.mutable_http()->set_referer(bytes);
  event.mutable_http()->set_file_name(bytes);
  event.mutable_client()->set_user(bytes);
  event.mutable_client()->set_host_name(bytes);
  event.mutable_hits(0)->set_object(bytes);
  event.mutable_hits(0)->set_rule(bytes);
  return event;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool kQuiet = [] {
    google::protobuf::SetLogHandler(nullptr);
    return true;
  }();
  static_cast<void>(kQuiet);
  const std::string_view text = as_text(Bytes{data, size});
  const event::FlowEvent own = event_with_texts(text);
  for (const People people : {People::kNone, People::kPseudonym, People::kClear}) check_text(own, people);
  check_ipfix(own);
  const auto decoded = policy::decode_event(text);
  if (!decoded) return 0;
  for (const People people : {People::kNone, People::kPseudonym, People::kClear})
    check_text(*decoded, people);
  check_ipfix(*decoded);
  return 0;
}
