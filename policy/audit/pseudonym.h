// SPDX-License-Identifier: Apache-2.0
// How people are named to those who need not know them: the same subject always by the same word, which
// nobody can turn round who lacks the appliance's key. No list of who is who is kept; whoever may reveal one
// looks for the subject among those that are known (policy/store/people.h), and after it was erased finds
// nobody.
#pragma once

#include <string>
#include <string_view>

#include "policy/model/error.h"
#include "policy/model/settings.h"

namespace weir::policy {

/// A word that `Pseudonyms` made: "client-" or "person-" and ten letters and digits.
[[nodiscard]] bool is_pseudonym(std::string_view word);

class Pseudonyms {
 public:
  explicit Pseudonyms(std::string key) : key_(std::move(key)) {}
  /// kSystem: the key may not be read, or not be made.
  [[nodiscard]] static Result<Pseudonyms> open(const Settings& settings);

  /// An address becomes client-..., a user, host or mail address person-...; what names nobody stays: a
  /// group, all, a pseudonym, nothing.
  [[nodiscard]] std::string of(std::string_view subject) const;
  /// Of what a violation is about: a mail address becomes a pseudonym, all else stays.
  [[nodiscard]] std::string of_object(std::string_view object) const;

 private:
  std::string key_;
};

}  // namespace weir::policy
