// SPDX-License-Identifier: Apache-2.0
// Answers in an end's name: kInject of the classifier becomes a datagram, or TCP segments with an end of the
// connection or without one. Where the stream goes on, the numbers of what the ends send are changed for good
// (StreamEdit), and what Weir said is sent again until it is acknowledged. What cannot be answered is reset.
#pragma once

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

void inject(Path& path, const channel::Answer& answer, Bytes payload) noexcept;

/// Between bursts: sends again what was not acknowledged, and resets both ends after kInjectionAttemptsMax.
void resend_overdue(Path& path, TimeNs now) noexcept;

/// A packet of a kEdited or kAnswered flow came: what it acknowledges.
void follow_injection(Path& path, const Batch& batch, std::size_t i) noexcept;

/// A packet of a flow that Weir ended with an answer. It does not leave; its sender gets what lets it close:
/// an acknowledgement when it is the end that was answered, a reset when it is the other.
void end_conversation(Path& path, const Batch& batch, std::size_t i) noexcept;

}  // namespace weir::dataplane
