// SPDX-License-Identifier: Apache-2.0
// The one place that decides what a notification or a report shows of a person. An address, a group and "all"
// are shown as they are; a user is a number that means something in this one text only, and of a mail address
// its domain is shown. Who it is stands in the store, behind the violation's number.
#pragma once

#include <map>
#include <string>

namespace weir::notify {

class ShownSubjects {
 public:
  /// `person`: the word for a user, "user".
  explicit ShownSubjects(std::string person = "user") : person_(std::move(person)) {}

  /// "10.0.0.2", "group staff", "user 1": the same for the same subject.
  [[nodiscard]] std::string subject(const std::string& subject);
  /// What a violation is about: "bet.example", "...@example.org".
  [[nodiscard]] static std::string object(const std::string& object);

 private:
  std::string person_;
  std::map<std::string, std::size_t> users_;
};

}  // namespace weir::notify
