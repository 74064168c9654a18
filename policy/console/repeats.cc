// SPDX-License-Identifier: Apache-2.0
#include "policy/console/repeats.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "policy/audit/signing.h"

namespace weir::console {
namespace {

/// The keys whose requests are being answered, by all desks of the process together.
class KeysAtWork {
 public:
  bool take(const std::string& key) {
    const std::scoped_lock lock{mutex_};
    return keys_.insert(key).second;
  }
  void give_back(const std::string& key) {
    const std::scoped_lock lock{mutex_};
    keys_.erase(key);
  }

 private:
  std::mutex mutex_;
  std::set<std::string> keys_;
};

KeysAtWork& keys_at_work() {
  static KeysAtWork all;
  return all;
}

bool is_key(std::string_view key) {
  return key.size() <= kKeyBytesMax && std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7F; });
}

Response replayed(const policy::KeptAnswer& kept) {
  Response response{.status = static_cast<int>(kept.status), .type = kept.type, .body = kept.body};
  if (!kept.tag.empty()) response.headers.emplace_back("ETag", kept.tag);
  response.headers.emplace_back(kReplayed, "true");
  return response;
}

bool is_for_keeping(const Response& response) {
  return response.status < 300 && response.body.size() <= kKeptBytesMax &&
         (response.type.empty() || response.type == "application/json");
}

Response done_and_kept(Desk& desk, const Operation& operation, const Call& call, policy::KeptAnswer answer) {
  const auto before = policy::kept_answer(desk.store(), answer.key);
  if (before && before->made > call.now - kKeptFor) {
    if (before->request != answer.request)
      return problem(422, "invalid", "the Idempotency-Key was another request's");
    return replayed(*before);
  }
  if (!before && before.error().code != ErrorCode::kNotFound) return problem_of(before.error());
  Response response = operation.answer(desk, call);
  if (!is_for_keeping(response)) return response;
  answer.status = response.status;
  answer.type = response.type;
  answer.body = response.body;
  answer.tag = std::string{response.header("ETag")};
  auto batch = desk.store().begin();
  auto kept = batch ? policy::keep(*batch, answer, call.now - kKeptFor) : tl::unexpected(batch.error());
  if (kept) kept = batch->commit();
  // It is done all the same.
  if (!kept) spdlog::warn("answer-not-kept {}", to_text(kept.error()));
  return response;
}

}  // namespace

Response answer_once(Desk& desk, const Operation& operation, const Call& call) {
  if (call.request.key.empty() || call.request.method != "POST") return operation.answer(desk, call);
  if (operation.is(kNeverKept)) return problem(422, "invalid", "this takes no Idempotency-Key");
  if (!is_key(call.request.key))
    return problem(422, "invalid", fmt::format("an Idempotency-Key has 1 to {} letters", kKeyBytesMax));
  const policy::KeptAnswer answer{
      .key = policy::hash_of({"key", call.account.name, call.request.key}),
      .request = policy::hash_of({call.request.target, call.request.if_match, call.request.body}),
      .made = call.now};
  if (!keys_at_work().take(answer.key))
    return problem(409, "conflict", "the request with this Idempotency-Key is being answered");
  Response response = done_and_kept(desk, operation, call, answer);
  keys_at_work().give_back(answer.key);
  return response;
}

}  // namespace weir::console
