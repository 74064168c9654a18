// SPDX-License-Identifier: Apache-2.0
#include "policy/export/weir_object.h"

#include <fmt/format.h>

#include "policy/export/facts.h"

namespace weir::output {
namespace {

constexpr const char* kind_word(event::Kind kind) {
  return kind == event::KIND_FINAL ? "final" : kind == event::KIND_OPENED ? "opened" : "update";
}

void write_hit(JsonWriter& json, const event::Hit& hit, bool people) {
  json.text("section", hit.section());
  json.text("severity", hit.severity());
  json.text("hit_action", hit.action());
  json.flag("would_block", hit.would_block());
  json.text("object", object_of(hit, people));
}

void write_client(JsonWriter& json, const event::FlowEvent& event, bool people) {
  if (people && (event.has_client() || !user_of(event).empty())) {
    json.text("user", user_of(event));
    json.text("host_name", event.client().host_name());
  }
  json.text("group", event.group());
}

}  // namespace

void write_weir(JsonWriter& json, const event::FlowEvent& event, const event::Hit* hit, bool people) {
  json.begin("weir");
  json.text("appliance", event.id().appliance());
  json.text("event",
            fmt::format("{:016x}-{}-{}", event.id().boot(), event.id().worker(), event.id().sequence()));
  json.text("kind", kind_word(event.kind()));
  json.text("flow", event.flow_id());
  json.text("action", event.action());
  json.text("rule", hit != nullptr ? hit->rule() : event.rule());
  json.number("policy_revision", event.policy_revision());
  if (hit != nullptr) write_hit(json, *hit, people);
  json.text("policy_exception", event.policy_exception());
  json.texts("exceptions", event.exceptions());
  write_client(json, event, people);
  json.text("application", event.app());
  json.text("master", event.master());
  json.text("confidence", event.confidence());
  json.text("host", event.host());
  if (!event.host().empty()) json.text("host_source", event.host_source());
  json.text("dns_name", event.dns_name());
  json.text("encrypted_dns", event.encrypted_dns());
  json.text("country", event.country());
  if (event.asn() != 0) json.number("asn", event.asn());
  json.text("as_org", event.as_org());
  json.text("ja4", event.tls().ja4());
  json.text("inspected", event.inspected());
  json.text("end_reason", event.end_reason());
  json.text("tunnel", event.tunnel().type());
  if (event.software_size() > 0) {
    json.begin_list("software");
    for (int i = 0; i < event.software_size() && i < kListItemsMax; ++i) {
      json.begin({});
      json.text("product", event.software(i).product());
      json.text("version", event.software(i).version());
      json.end();
    }
    json.end();
  }
  json.end();
}

}  // namespace weir::output
