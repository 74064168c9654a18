// SPDX-License-Identifier: Apache-2.0
#include "policy/store/statement.h"

namespace weir::policy {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 0;
}

std::string around(std::string_view sql, std::string_view inner) {
  std::string text{sql};
  return text.replace(text.find("{}"), 2, inner);
}

}  // namespace

Statement& Statement::bytes(std::string_view bytes) {
  std::string bound{bytes};
  if (&dialect_ == &postgresql_dialect()) {  // its texts cannot hold every byte
    bound.clear();
    for (const char c : bytes) bound += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  values_.emplace_back(std::move(bound));
  text_ += around(dialect_.bytes_in, place());
  return *this;
}

std::string blob_column(const Dialect& dialect, std::string_view column) {
  return around(dialect.bytes_out, column);
}

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(digit_of(hex[i]) * 16 + digit_of(hex[i + 1])));
  return bytes;
}

}  // namespace weir::policy
