// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/context.h"

#include <cstdio>

#include "policy/bus/stream_registry.h"
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
  if (told != nullptr) told->errors.push_back(error);
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
  if (told != nullptr) told->errors.insert(told->errors.end(), errors.begin(), errors.end());
  exit_code = kInvalid;
}

void Context::say(const std::string& error) {
  const std::string line = printable(error);
  if (first_error.empty()) first_error = line;
  if (told == nullptr) std::fprintf(stderr, "%s\n", line.c_str());
}

void Context::remark(const std::string& words) const {
  if (told != nullptr) return told->words.push_back(words);
  std::fprintf(stderr, "%s\n", printable(words).c_str());
}

void Context::warn(const std::vector<Error>& warnings) const {
  if (told != nullptr) {
    told->warnings.insert(told->warnings.end(), warnings.begin(), warnings.end());
    return;
  }
  for (const Error& warning : warnings)
    std::fprintf(stderr, "%s\n", printable(policy::warning_text(warning)).c_str());
}

Result<policy::StreamBrowser> open_streams(const Settings& settings) {
  auto connection =
      policy::RedisConnection::connect(policy::endpoint_of(settings.redis, policy::RedisUser::kReader));
  if (!connection) return tl::unexpected(connection.error());
  return policy::StreamBrowser{std::move(*connection)};
}

Result<policy::Store> open_store(const Settings& settings) {
  return policy::Store::open(settings.engine, policy::StoreAccess::kRead);
}

Result<policy::Store> open_store_to_change(const Settings& settings) {
  return policy::Store::open(settings.engine, policy::StoreAccess::kChange);
}

Error may_not_write(Error error) {
  if (error.code == ErrorCode::kUnavailable) error.advice = "only root and the engine may";
  return error;
}

bool change_store(Context& context, const Settings& settings,
                  const std::function<Result<void>(policy::Batch&)>& change) {
  auto store = open_store_to_change(settings);
  if (!store) {
    context.fail(store.error());
    return false;
  }
  auto batch = store->begin();
  auto done = batch ? change(*batch) : tl::unexpected(batch.error());
  if (done) done = batch->commit();
  if (!done) context.fail(may_not_write(done.error()));
  return done.has_value();
}

std::vector<std::string> all_flow_streams(const Settings& settings) { return policy::flow_streams(settings); }

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
