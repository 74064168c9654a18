// SPDX-License-Identifier: Apache-2.0
#include "classifier/software/pattern_set.h"

#include <hs.h>

#include <algorithm>
#include <numeric>

namespace weir::classifier {
namespace {

constexpr std::string_view kVersionMark = "{version}";

/// The pattern as a regular expression; every byte that is not a letter or digit is written by its number.
std::string expression_of(std::string_view pattern, PatternForm form) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "^";
  while (!pattern.empty()) {
    const char c = pattern.front();
    if (form == PatternForm::kWholeText && pattern.starts_with(kVersionMark)) {
      out += "[0-9][0-9A-Za-z._+-]*";
      pattern.remove_prefix(kVersionMark.size());
      continue;
    }
    if (constexpr std::size_t kByteMark = 4;
        form == PatternForm::kHeadOfBytes && pattern.starts_with("\\x")) {
      out += pattern.substr(0, kByteMark);
      pattern.remove_prefix(std::min(kByteMark, pattern.size()));
      continue;
    }
    pattern.remove_prefix(1);
    if (c == '*') {
      out += ".*";
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0x0fU];
    }
  }
  return form == PatternForm::kWholeText ? out + "\\z" : out;
}

int note_match(unsigned number, unsigned long long, unsigned long long, unsigned, void* context) {
  static_cast<std::vector<std::uint32_t>*>(context)->push_back(number);
  return 0;
}

}  // namespace

struct PatternSet::Compiled {
  std::unique_ptr<hs_database_t, decltype(&hs_free_database)> database{nullptr, &hs_free_database};
  std::unique_ptr<hs_scratch_t, decltype(&hs_free_scratch)> scratch{nullptr, &hs_free_scratch};
};

PatternSet::PatternSet() = default;
PatternSet::PatternSet(PatternSet&&) noexcept = default;
PatternSet& PatternSet::operator=(PatternSet&&) noexcept = default;
PatternSet::~PatternSet() = default;

Result<PatternSet> PatternSet::compile(std::span<const std::string_view> patterns, PatternForm form) {
  PatternSet set;
  if (patterns.empty()) return set;
  std::vector<std::string> expressions;
  std::vector<const char*> texts;
  std::size_t bytes = 0;
  for (const std::string_view pattern : patterns) bytes += pattern.size();
  if (bytes > kPatternSetBytesMax) {
    return failure(ErrorCode::kInvalid, "the patterns have " + std::to_string(bytes) + " bytes, more than " +
                                            std::to_string(kPatternSetBytesMax));
  }
  for (const std::string_view pattern : patterns) expressions.push_back(expression_of(pattern, form));
  for (const std::string& expression : expressions) texts.push_back(expression.c_str());
  const unsigned any_case = form == PatternForm::kWholeText ? HS_FLAG_CASELESS : 0;
  const std::vector<unsigned> flags(patterns.size(), any_case | HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL);
  std::vector<unsigned> numbers(patterns.size());
  std::iota(numbers.begin(), numbers.end(), 0U);

  hs_database_t* database = nullptr;
  hs_compile_error_t* refused = nullptr;
  if (hs_compile_multi(texts.data(), flags.data(), numbers.data(), static_cast<unsigned>(texts.size()),
                       HS_MODE_BLOCK, nullptr, &database, &refused) != HS_SUCCESS) {
    const int at = refused->expression;
    const std::string what = at < 0 ? std::string{"the patterns"}
                                    : "the pattern " + std::string{patterns[static_cast<std::size_t>(at)]};
    const std::string why = refused->message;
    hs_free_compile_error(refused);
    return failure(at < 0 ? ErrorCode::kSystem : ErrorCode::kInvalid,
                   "Vectorscan refuses " + what + ": " + why);
  }
  set.compiled_ = std::make_unique<Compiled>();
  set.compiled_->database.reset(database);
  hs_scratch_t* scratch = nullptr;
  if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) {
    return failure(ErrorCode::kSystem, "Vectorscan has no memory for its scratch");
  }
  set.compiled_->scratch.reset(scratch);
  return set;
}

void PatternSet::matches(std::string_view text, std::vector<std::uint32_t>& numbers) const {
  if (!compiled_) return;
  text = text.substr(0, kPatternTextBytesMax);
  static_cast<void>(hs_scan(compiled_->database.get(), text.data(), static_cast<unsigned>(text.size()), 0,
                            compiled_->scratch.get(), &note_match, &numbers));
}

}  // namespace weir::classifier
