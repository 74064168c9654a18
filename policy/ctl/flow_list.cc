// SPDX-License-Identifier: Apache-2.0
// weirctl flow list: the flows that are in the tables now, as the data plane knows them.
#include <fmt/format.h>

#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/control_client.h"
#include "policy/ctl/flow_row.h"

namespace weir::ctl {
namespace {

struct ListOptions {
  std::vector<std::string> inspected;
  std::string state;
  std::string address;
  std::uint32_t limit = 0;  // 0: the data plane's own
};

const std::vector<std::string>& list_columns() {
  static const std::vector<std::string> kColumns{"l4",      "initiator", "responder",  "state",
                                                 "verdict", "inspected", "exceptions", "number"};
  return kColumns;
}

Json list_row(const Json& flow) {
  const auto end = [&flow](const char* address, const char* port) {
    return end_text(flow.value(address, ""), flow.value(port, 0U));
  };
  std::string exceptions;
  for (const Json& row : flow.value("exceptions", Json::array())) {
    exceptions += (exceptions.empty() ? "" : " ") + row.get<std::string>();
  }
  return {{"l4", l4_name(flow.value("protocol", 0U))},
          {"initiator", end("initiator", "initiator_port")},
          {"responder", end("responder", "responder_port")},
          {"state", flow.value("state", "")},
          {"verdict", flow.value("verdict", "")},
          {"inspected", flow.value("inspected", "")},
          {"exceptions", exceptions},
          {"number", flow.value("number", std::uint64_t{0})}};
}

void list_flows(Context& context, const ListOptions& options) {
  const auto settings = context.settings();
  if (!settings) return;
  Json request{{"op", "flows"}};
  if (!options.inspected.empty()) request["inspected"] = options.inspected;
  if (!options.state.empty()) request["state"] = options.state;
  if (!options.address.empty()) request["address"] = options.address;
  if (options.limit > 0) request["limit"] = options.limit;
  const auto reply = ask(control_socket(*settings), request);
  if (!reply) return context.fail(reply.error());
  if (!reply->value("ok", false)) {
    return context.fail(Error{ErrorCode::kInvalid, reply->value("error", "the data plane refused"), {}, {}});
  }
  const Format format = context.format_or(Format::kTable);
  if (format == Format::kJson) {
    return print(reply->dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  }
  Json rows = Json::array();
  const Json flows = reply->value("flows", Json::array());
  for (const Json& flow : flows) rows.push_back(list_row(flow));
  print(render(format, rows, list_columns()));
  if (format == Format::kTable && reply->value("cut", false)) {
    print(fmt::format("{} of {} flows\n", flows.size(), reply->value("matched", std::uint64_t{0})));
  }
}

}  // namespace

void add_flow_list(CLI::App& flow, Context& context) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* command =
      add_command(flow, "list", "flows in the tables now; after their end they are in the events", context,
                  [options](Context& used) { list_flows(used, *options); });
  command->add_option("--inspected", options->inspected, "at these levels: full,names-only,l4,bypass")
      ->delimiter(',')
      ->check(CLI::IsMember({"full", "names-only", "l4", "bypass"}));
  command->add_option("--state", options->state, "decided or undecided")
      ->check(CLI::IsMember({"decided", "undecided"}));
  command->add_option("--address", options->address, "of either end");
  command->add_option("--limit", options->limit, "so many at most")->check(CLI::Range(1, 1'000));
}

}  // namespace weir::ctl
