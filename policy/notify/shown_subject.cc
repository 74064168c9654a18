// SPDX-License-Identifier: Apache-2.0
#include "policy/notify/shown_subject.h"

#include <fmt/format.h>

#include "policy/model/ip_address.h"

namespace weir::notify {
namespace {

bool is_hardware_address(const std::string& text) {
  return text.size() >= 17 && text.find_first_not_of("0123456789abcdef:") == std::string::npos;
}

}  // namespace

std::string ShownSubjects::subject(const std::string& subject) {
  if (pseudonyms_.subject) return pseudonyms_.subject(subject);
  const bool nobody = subject.empty() || subject == "all" || subject.starts_with("group ") ||
                      is_hardware_address(subject) || IpAddress::parse(subject).has_value();
  if (nobody) return subject;
  const auto [found, added] = users_.emplace(subject, users_.size() + 1);
  return fmt::format("{} {}", person_, found->second);
}

std::string ShownSubjects::object(const std::string& object) const {
  if (pseudonyms_.object) return pseudonyms_.object(object);
  const std::size_t at = object.rfind('@');
  return at == std::string::npos ? object : "..." + object.substr(at);
}

}  // namespace weir::notify
