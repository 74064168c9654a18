// SPDX-License-Identifier: Apache-2.0
// An event as an output with `people: pseudonym` tells it: whoever acted is named by the word that weirctl
// and the console name them by, and who holds no key of this appliance cannot turn it round.
#pragma once

#include <memory>
#include <optional>

#include "policy/audit/pseudonym.h"
#include "policy/export/encoder.h"

namespace weir::output {

/// The inside end, its user, host name and mail addresses become pseudonyms. What would say who it is all the
/// same is taken out: the link address, the Community ID (a hash of both addresses that anybody can try out),
/// free text of mails, and addresses of the inside in tunnels, PROXY headers and ICMP errors. Names of sites,
/// paths, files and the texts of DNS questions stay.
void pseudonymise(event::FlowEvent& event, const policy::Pseudonyms& pseudonyms);

/// Hands what `pseudonymise` makes of each event to the encoder of the format.
[[nodiscard]] std::unique_ptr<Encoder> with_pseudonyms(std::unique_ptr<Encoder> format,
                                                       policy::Pseudonyms pseudonyms);

/// What make_encoder needs of the appliance's keys: none where no output has `people: pseudonym`. The key is
/// the service manager's credential people.key where there is one (systemd.exec(5), LoadCredential=), else
/// the file of the state directory, which weir-export's own user may not read: called before that becomes it.
/// kNotFound: the credential says none, as nobody has made the key yet; kSystem, kCorrupt: not to be read.
[[nodiscard]] Result<std::optional<policy::Pseudonyms>> pseudonyms_for(const Settings& settings);

}  // namespace weir::output
