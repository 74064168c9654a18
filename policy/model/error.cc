// SPDX-License-Identifier: Apache-2.0
#include "policy/model/error.h"

#include <fmt/format.h>

namespace weir {

std::string to_text(const Error& error) {
  std::string text;
  if (!error.at.file.empty()) {
    text = error.at.file + ":";
    if (error.at.line > 0) text += fmt::format("{}:{}:", error.at.line, error.at.column);
    text += " ";
  }
  text += "error: " + error.what;
  if (!error.advice.empty()) text += " (" + error.advice + ")";
  return text;
}

}  // namespace weir
