// SPDX-License-Identifier: Apache-2.0
// Who may change what the data plane does. The control socket is open to all of Weir's users, and the
// classifier, which reads hostile bytes, is one of them: what weakens enforcement asks for more.
#pragma once

#include <cstdint>
#include <string>

namespace weir::dataplane {

/// Root, this process's own user, or a member of `group`.
[[nodiscard]] bool may_operate(std::uint32_t uid, const std::string& group);

}  // namespace weir::dataplane
