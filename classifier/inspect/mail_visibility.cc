// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/mail_visibility.h"

#include <algorithm>
#include <array>

namespace weir::classifier {

namespace {

struct Provider {
  std::string_view domain;
  std::string_view name;
};

constexpr std::array kProviders{
    Provider{"gmail.com", "google"},
    Provider{"googlemail.com", "google"},
    Provider{"google.com", "google"},
    Provider{"outlook.com", "microsoft"},
    Provider{"office365.com", "microsoft"},
    Provider{"hotmail.com", "microsoft"},
    Provider{"live.com", "microsoft"},
    Provider{"office.com", "microsoft"},
    Provider{"yahoo.com", "yahoo"},
    Provider{"yahoodns.net", "yahoo"},
    Provider{"aol.com", "aol"},
    Provider{"icloud.com", "apple"},
    Provider{"me.com", "apple"},
    Provider{"mail.me.com", "apple"},
    Provider{"gmx.net", "gmx"},
    Provider{"gmx.com", "gmx"},
    Provider{"gmx.de", "gmx"},
    Provider{"web.de", "web.de"},
    Provider{"t-online.de", "t-online"},
    Provider{"freenet.de", "freenet"},
    Provider{"posteo.de", "posteo"},
    Provider{"mailbox.org", "mailbox.org"},
    Provider{"fastmail.com", "fastmail"},
    Provider{"messagingengine.com", "fastmail"},
    Provider{"protonmail.ch", "proton"},
    Provider{"proton.me", "proton"},
    Provider{"tutanota.de", "tuta"},
    Provider{"tuta.com", "tuta"},
    Provider{"zoho.com", "zoho"},
    Provider{"zoho.eu", "zoho"},
    Provider{"yandex.ru", "yandex"},
    Provider{"yandex.com", "yandex"},
    Provider{"mail.ru", "mail.ru"},
    Provider{"qq.com", "qq"},
    Provider{"163.com", "netease"},
    Provider{"126.com", "netease"},
    Provider{"ionos.de", "ionos"},
    Provider{"ionos.com", "ionos"},
    Provider{"kundenserver.de", "ionos"},
    Provider{"strato.de", "strato"},
    Provider{"ovh.net", "ovh"},
    Provider{"orange.fr", "orange"},
    Provider{"free.fr", "free"},
    Provider{"libero.it", "libero"},
    Provider{"comcast.net", "comcast"},
    Provider{"att.net", "att"},
    Provider{"amazonaws.com", "amazon"},
    Provider{"sendgrid.net", "sendgrid"},
    Provider{"mailgun.org", "mailgun"},
    Provider{"mimecast.com", "mimecast"},
    Provider{"pphosted.com", "proofpoint"},
    Provider{"messagelabs.com", "symantec"},
    Provider{"riseup.net", "riseup"},
    Provider{"disroot.org", "disroot"},
};

/// First labels that only mail servers have.
constexpr std::array<std::string_view, 14> kMailLabels{
    "smtp",       "smtps", "imap",      "imaps",      "pop",      "pop3",     "pops",
    "submission", "imap4", "smtp-mail", "smtp-relay", "outgoing", "incoming", "email-smtp"};

std::string_view implicit_protocol(std::uint16_t port) {
  switch (port) {
    case 465:
      return "submission";
    case 993:
      return "imap";
    case 995:
      return "pop3";
    default:
      return {};
  }
}

std::string_view protocol_of_label(std::string_view label) {
  if (label.starts_with("imap") || label == "incoming") return "imap";
  return label.starts_with("pop") ? "pop3" : "submission";
}

}  // namespace

std::string_view mail_provider(std::string_view host) {
  for (const Provider& provider : kProviders) {
    if (!host.ends_with(provider.domain)) continue;
    const std::size_t before = host.size() - provider.domain.size();
    if (before == 0 || host[before - 1] == '.') return provider.name;
  }
  return {};
}

void note_mail_over_tls(FlowFacts& facts, std::uint16_t server_port) {
  MailFacts& mail = facts.mail;
  if (!mail.starttls_used) {
    if (!facts.tls.seen || mail.seen) return;
    std::string_view protocol = implicit_protocol(server_port);
    const std::string_view host = facts.host;
    const std::string_view label = host.substr(0, host.find('.'));
    if (protocol.empty() && label.size() < host.size() &&
        std::find(kMailLabels.begin(), kMailLabels.end(), label) != kMailLabels.end()) {
      protocol = protocol_of_label(label);
    }
    if (protocol.empty()) return;
    mail.protocol = protocol;
    mail.visibility = "implicit-tls";
  }
  mail.provider = mail_provider(facts.host);
}

}  // namespace weir::classifier
