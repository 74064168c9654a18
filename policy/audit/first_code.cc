// SPDX-License-Identifier: Apache-2.0
#include "policy/audit/first_code.h"

#include "policy/audit/signing.h"
#include "policy/store/account_store.h"

namespace weir::policy {
namespace {

// Crockford's base 32: o is read as 0, i and l as 1.
constexpr std::string_view kCodeLetters = "0123456789abcdefghjkmnpqrstvwxyz";
static_assert(kCodeLetters.size() == 32);
constexpr std::size_t kGroups = 4;
constexpr std::size_t kGroupLetters = 4;

}  // namespace

Result<std::string> make_first_code(Store& store, TimeNs lasts, TimeNs now) {
  const auto accounts = console_accounts(store);
  if (!accounts) return tl::unexpected(accounts.error());
  if (!accounts->empty())
    return failure(ErrorCode::kBusy, "the console has an account already",
                   "an admin of it makes further ones");
  const std::string random = random_bytes(kGroups * kGroupLetters);
  std::string code;
  for (std::size_t i = 0; i < random.size(); ++i) {
    if (i > 0 && i % kGroupLetters == 0) code += '-';
    code += kCodeLetters[static_cast<unsigned char>(random[i]) % kCodeLetters.size()];
  }
  auto batch = store.begin();
  if (!batch) return tl::unexpected(batch.error());
  if (auto kept = put(*batch, OneTimeCode{hash_of_code(code), now + lasts}); !kept)
    return tl::unexpected(kept.error());
  if (auto done = batch->commit(); !done) return tl::unexpected(done.error());
  return code;
}

std::string hash_of_code(const std::string& typed) {
  std::string letters;
  for (const char c : typed) {
    if (c == '-' || c == ' ') continue;
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    letters += small == 'o' ? '0' : small == 'i' || small == 'l' ? '1' : small;
  }
  return hash_of({"weir console code", letters});
}

}  // namespace weir::policy
