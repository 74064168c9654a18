// SPDX-License-Identifier: Apache-2.0
#include "policy/console/passwords.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "policy/audit/password_hash.h"

namespace weir::console {
namespace {

constexpr std::size_t kRunMin = 4;        // letters of a run
constexpr std::size_t kNameBytesMin = 3;  // shorter names are no find

constexpr std::array<std::string_view, 36> kCommonWords{
    "password", "passw0rd", "motdepasse", "passe",         "letmein",    "welcome", "bienvenue", "bonjour",
    "secret",   "admin",    "azerty",     "administrator", "changeme",   "default", "firewall",  "security",
    "securite", "console",  "officer",    "auditor",       "technician", "weir",    "network",   "reseau",
    "iloveyou", "jetaime",  "dragon",     "monkey",        "football",   "hockey",  "summer",    "winter",
    "automne",  "soleil",   "canada",     "quebec"};
constexpr std::array<std::string_view, 5> kKeyboardRows{"qwertyuiop", "azertyuiop", "asdfghjkl", "qsdfghjklm",
                                                        "zxcvbnm"};

bool next_on_keyboard(char a, char b) {
  return std::ranges::any_of(kKeyboardRows, [&](std::string_view row) {
    const std::size_t at = row.find(a);
    return at != std::string_view::npos && at + 1 < row.size() && row[at + 1] == b;
  });
}

/// The next letter is the same, or the one beside it by the alphabet, in numbers or on the keyboard.
bool runs_on(char a, char b) {
  return std::abs(a - b) <= 1 || next_on_keyboard(a, b) || next_on_keyboard(b, a);
}

void cut_all(std::string& text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at))
    text.erase(at, word.size());
}

std::string without_runs(std::string_view text) {
  std::string rest;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin + 1;
    while (end < text.size() && runs_on(text[end - 1], text[end])) ++end;
    if (end - begin < kRunMin) rest += text.substr(begin, end - begin);
    begin = end;
  }
  return rest;
}

std::string small_letters(std::string_view text) {
  std::string small{text};
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return small;
}

}  // namespace

std::string without_guessable(std::string_view password, std::string_view account,
                              std::string_view appliance) {
  std::string text = small_letters(password);
  for (const std::string_view name : {account, appliance})
    if (name.size() >= kNameBytesMin) cut_all(text, small_letters(name));
  for (const std::string_view word : kCommonWords) cut_all(text, word);
  text = without_runs(text);
  // Said twice is said once.
  for (std::size_t size = 1; size <= text.size() / 2; ++size) {
    const std::string part = text.substr(0, size);
    std::string rest = text;
    cut_all(rest, part);
    if (part.starts_with(rest)) return part;
  }
  return text;
}

std::string wrong_with_password(std::string_view password, std::string_view account,
                                std::string_view appliance) {
  if (password.size() < policy::kPasswordBytesMin)
    return fmt::format("a password has at least {} characters", policy::kPasswordBytesMin);
  if (password.size() > policy::kPasswordBytesMax)
    return fmt::format("a password has at most {} bytes", policy::kPasswordBytesMax);
  if (without_guessable(password, account, appliance).size() < kUnguessableMin)
    return "the password is easy to guess: without names, common words and runs of letters too little is "
           "left";
  return {};
}

}  // namespace weir::console
