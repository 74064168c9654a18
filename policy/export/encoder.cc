// SPDX-License-Identifier: Apache-2.0
#include "policy/export/encoder.h"

#include <utility>

#include "policy/export/cef.h"
#include "policy/export/ecs.h"
#include "policy/export/eve.h"
#include "policy/export/facts.h"
#include "policy/export/ipfix.h"
#include "policy/export/pseudonymise.h"
#include "policy/export/syslog.h"
#include "policy/export/text.h"

namespace weir::output {

void Encoder::sum_up(TimeNs /*now*/, Records& /*records*/) {}

void LineEncoder::encode(const event::FlowEvent& event, Records& records) {
  const auto add = [&](RecordType type, const event::Hit* hit, Severity severity) {
    if (!has(types_, type)) return;
    Line line = write_(event, hit, people_);
    records.push_back({type, severity, time_of(event.time_ns()), event.id().appliance(), std::move(line.body),
                       std::move(line.structured)});
  };
  for (const event::Hit& hit : event.hits()) {
    const Severity severity = severity_of(hit.severity());
    if (severity >= severity_) add(RecordType::kAlert, &hit, severity);
  }
  if (event.kind() == event::KIND_FINAL) add(RecordType::kFlow, nullptr, Severity::kInfo);
}

namespace {

std::unique_ptr<Encoder> encoder_of(const OutputSettings& settings) {
  switch (settings.format) {
    case OutputFormat::kEve:
      return std::make_unique<EveEncoder>(settings);
    case OutputFormat::kEcs:
      return std::make_unique<LineEncoder>(settings, &ecs_line);
    case OutputFormat::kCef:
      return std::make_unique<LineEncoder>(settings, &cef_line);
    case OutputFormat::kSyslog:
      return std::make_unique<LineEncoder>(settings, &syslog_line);
    case OutputFormat::kIpfix:
      break;
  }
  return std::make_unique<IpfixEncoder>();
}

}  // namespace

std::unique_ptr<Encoder> make_encoder(const OutputSettings& settings,
                                      const std::optional<policy::Pseudonyms>& pseudonyms) {
  auto format = encoder_of(settings);
  if (settings.people != People::kPseudonym) return format;
  return with_pseudonyms(std::move(format), pseudonyms.value());
}

}  // namespace weir::output
