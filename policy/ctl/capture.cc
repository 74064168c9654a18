// SPDX-License-Identifier: Apache-2.0
// weirctl capture: packets of a flow or an address into a pcapng file, with those that the data plane still
// remembers from before.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/control_client.h"

namespace weir::ctl {
namespace {

struct CaptureOptions {
  std::uint64_t flow = 0;
  int worker = -1;
  std::string address;
  std::uint16_t port = 0;
  std::string duration = "30s";
  std::string reason;
  std::uint64_t id = 0;
};

/// What the data plane says; nullopt and the exit code when it refuses or is silent.
std::optional<Json> told(Context& context, const Json& request) {
  const auto settings = context.settings();
  if (!settings) return std::nullopt;
  auto reply = ask(control_socket(*settings), request);
  if (!reply) {
    context.fail(reply.error());
    return std::nullopt;
  }
  if (!reply->value("ok", false)) {
    context.fail(Error{ErrorCode::kSystem, reply->value("error", "it refuses without a word"), {}, {}});
    return std::nullopt;
  }
  return std::move(*reply);
}

void start(Context& context, const CaptureOptions& options) {
  if (options.flow == 0 && options.address.empty()) {
    std::fprintf(stderr, "error: say which packets: --flow or --address\n");
    context.exit_code = kUsage;
    return;
  }
  Json request{{"op", "capture"}, {"do", "start"}, {"for", options.duration}, {"reason", options.reason}};
  if (options.flow != 0) request["flow"] = options.flow;
  if (options.worker >= 0) request["worker"] = options.worker;
  if (!options.address.empty()) request["address"] = options.address;
  if (options.port != 0) request["port"] = options.port;
  if (const auto reply = told(context, request)) {
    print(fmt::format("capture {} runs; weirctl capture list says where\n", (*reply)["id"].dump()));
  }
}

void list_captures(Context& context) {
  const auto reply = told(context, {{"op", "capture"}, {"do", "list"}});
  if (!reply) return;
  print(render(context.format_or(Format::kTable), reply->value("captures", Json::array()),
               {"id", "state", "packets", "bytes", "missed_bytes", "file", "why"}));
}

void stop(Context& context, const CaptureOptions& options) {
  static_cast<void>(told(context, {{"op", "capture"}, {"do", "stop"}, {"id", options.id}}));
}

}  // namespace

void add_capture(CLI::App& app, Context& context) {
  CLI::App* capture = app.add_subcommand("capture", "packets into a pcapng file");
  capture->require_subcommand(1);
  auto options = std::make_shared<CaptureOptions>();
  CLI::App* begin = add_command(*capture, "start", "begin one; what is remembered from before comes first",
                                context, [options](Context& used) { start(used, *options); });
  begin->add_option("--flow", options->flow, "number of a flow (weirctl flow watch)");
  begin->add_option("--worker", options->worker, "of this worker alone")->check(CLI::Range(0, 63));
  auto* address = begin->add_option("--address", options->address, "either end");
  begin->add_option("--port", options->port, "either end")->needs(address);
  begin->add_option("--for", options->duration, "how long: 30s, 5m, 1h")->capture_default_str();
  begin->add_option("--reason", options->reason, "why; it stands in the file")->required();
  add_command(*capture, "list", "those that run and those that ended", context, list_captures);
  CLI::App* end = add_command(*capture, "stop", "end one before its time", context,
                              [options](Context& used) { stop(used, *options); });
  end->add_option("id", options->id, "its number")->required();
}

}  // namespace weir::ctl
