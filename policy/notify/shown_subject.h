// SPDX-License-Identifier: Apache-2.0
// The one place that decides what a notification or a report shows of a person. Who it is stands in the
// store, behind the violation's number.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace weir::notify {

/// What stands for a subject and for what a violation is about. Without them users are numbers.
struct Pseudonymiser {
  std::function<std::string(const std::string&)> subject{};
  std::function<std::string(const std::string&)> object{};
};

class ShownSubjects {
 public:
  /// `person`: the word for a user, "user".
  explicit ShownSubjects(Pseudonymiser pseudonyms = {}, std::string person = "user")
      : pseudonyms_(std::move(pseudonyms)), person_(std::move(person)) {}

  /// By the pseudonyms; else "10.0.0.2", "group staff", and "user 1", which means something in this text
  /// only.
  [[nodiscard]] std::string subject(const std::string& subject);
  /// By the pseudonyms; else "bet.example", "...@example.org".
  [[nodiscard]] std::string object(const std::string& object) const;

 private:
  Pseudonymiser pseudonyms_;
  std::string person_;
  std::map<std::string, std::size_t> users_;
};

}  // namespace weir::notify
