// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/exceptions.h"

#include <fmt/format.h>

#include <filesystem>

#include "policy/lang/compile.h"
#include "policy/lang/date_text.h"
#include "policy/lang/moment.h"
#include "policy/model/text_file.h"

namespace weir::policy {

namespace fs = std::filesystem;

std::string exceptions_path(const std::string& policy_path) {
  return (fs::path{policy_path}.parent_path() / "exceptions.yaml").string();
}

std::optional<TimeNs> parse_end(const TimeZone& zone, std::string_view text) {
  if (const auto moment = parse_rfc3339(text)) return moment;
  const auto day = parse_date(text.substr(0, 10));
  if (!day) return std::nullopt;
  if (text.size() == 10) return zone.midnight(*day + 1) * kSecond;
  const auto minute = text[10] == ' ' ? parse_minute(text.substr(11)) : std::nullopt;
  return minute ? std::optional{zone.instant(*day, *minute) * kSecond} : std::nullopt;
}

ResultAll<ExceptionsFile> read_exceptions(const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return ExceptionsFile{.file = path};
  const auto text = read_text_file(path, kPolicyTextBytesMax);
  if (!text) return tl::unexpected(std::vector<Error>{text.error()});
  return parse_exceptions(*text, path);
}

ResultAll<ExceptionsFile> parse_exceptions(std::string_view text, const std::string& file) {
  auto root = parse_document(text, file, {.bytes_max = kPolicyTextBytesMax, .depth_max = kPolicyDepthMax});
  if (!root) return tl::unexpected(root.error());
  const Node* const version = root->find("weir-exceptions");
  const Node* const judged = root->find("judged");
  const Node* const list = root->find("exceptions");
  const Node* const ended = root->find("ended");
  const auto time = judged == nullptr ? std::nullopt : parse_rfc3339(judged->text);
  const bool whole = version != nullptr && version->text == "1" && time && list != nullptr &&
                     list->kind == Node::Kind::kList &&
                     (ended == nullptr || ended->kind == Node::Kind::kList);
  if (!whole) {
    return tl::unexpected(std::vector<Error>{{ErrorCode::kCorrupt,
                                              "the file is not as weirctl exception writes it",
                                              "remove it, and make the exceptions again",
                                              {file, 1, 1}}});
  }
  return ExceptionsFile{file, *time, *list, ended == nullptr ? Node{} : *ended};
}

}  // namespace weir::policy
