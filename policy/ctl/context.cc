// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/context.h"

#include <charconv>
#include <cstdio>

#include "policy/bus/streams.h"
#include "policy/ctl/audited.h"
#include "policy/lang/analysis.h"

namespace weir::ctl {

std::optional<Settings> Context::settings() {
  auto loaded = load_settings(config);
  if (loaded) return std::move(*loaded);
  fail(loaded.error());
  return std::nullopt;
}

void Context::fail(const Error& error) {
  say(to_text(error));
  switch (error.code) {
    case ErrorCode::kUnavailable:
      exit_code = kUnreachable;
      break;
    case ErrorCode::kInvalid:
      exit_code = kInvalid;
      break;
    default:
      exit_code = kNegative;
  }
}

void Context::fail(const std::vector<Error>& errors) {
  for (const Error& error : errors) say(to_text(error));
  exit_code = kInvalid;
}

void Context::say(const std::string& error) {
  const std::string line = printable(error);
  if (first_error.empty()) first_error = line;
  std::fprintf(stderr, "%s\n", line.c_str());
}

void Context::warn(const std::vector<Error>& warnings) {
  for (const Error& warning : warnings)
    std::fprintf(stderr, "%s\n", printable(policy::warning_text(warning)).c_str());
}

Result<policy::StreamBrowser> open_streams(const Settings& settings) {
  policy::RedisEndpoint endpoint;
  endpoint.socket = settings.redis.socket;
  endpoint.user = settings.redis.reader_user;
  endpoint.password_file = settings.redis.reader_password_file;
  auto connection = policy::RedisConnection::connect(endpoint);
  if (!connection) return tl::unexpected(connection.error());
  return policy::StreamBrowser{std::move(*connection)};
}

Result<policy::Store> open_store(const Settings& settings) {
  return policy::Store::open(settings.engine.store, policy::StoreAccess::kRead);
}

std::int64_t milliseconds_of(const std::string& entry_id) {
  std::int64_t value = 0;
  std::from_chars(entry_id.data(), entry_id.data() + entry_id.size(), value);
  return value;
}

std::vector<std::string> all_flow_streams(const Settings& settings) {
  std::vector<std::string> streams;
  for (unsigned worker = 0; worker < settings.workers; ++worker)
    streams.push_back(policy::flow_stream(worker));
  return streams;
}

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& what, Context& context,
                      std::function<void(Context&)> work) {
  CLI::App* command = parent.add_subcommand(name, what);
  command->fallthrough();  // global options may stand after the command too
  command->callback([&context, command, work = std::move(work)] {
    work(context);
    audit_command(context, *command);
  });
  return command;
}

}  // namespace weir::ctl
