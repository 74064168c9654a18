// SPDX-License-Identifier: Apache-2.0
// Takes the classifier's answers from the channel and applies them. An answer about an older generation of a
// slot is stale: counted and ignored.
#pragma once

#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

/// At most kAnswersPerTurn; the number applied or ignored.
std::uint32_t apply_answers(Path& path) noexcept;

}  // namespace weir::dataplane
