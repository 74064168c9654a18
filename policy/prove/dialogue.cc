// SPDX-License-Identifier: Apache-2.0
#include "policy/prove/dialogue.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "policy/prove/payloads.h"

namespace weir::prove {
namespace {

constexpr std::array<const char*, 11> kWays = {"TCP",  "UDP",        "ICMP", "TLS",  "HTTP",       "DNS",
                                               "SMTP", "submission", "IMAP", "POP3", "application"};
constexpr std::uint16_t kNoService = 9'999;  // no protocol is expected there

/// Adds steps; `facts_` is what is known after the last.
class Script {
 public:
  explicit Script(FlowFacts facts) : facts_(std::move(facts)) {}
  FlowFacts& facts() { return facts_; }
  void client(std::string payload, std::size_t may_leave = 0) { add(true, std::move(payload), may_leave); }
  void server(std::string payload) { add(false, std::move(payload), 0); }
  std::vector<Step> take() { return std::move(steps_); }

 private:
  void add(bool from_client, std::string payload, std::size_t may_leave) {
    steps_.push_back({from_client, std::move(payload), facts_, may_leave});
  }
  FlowFacts facts_;
  std::vector<Step> steps_;
};

void label(FlowFacts& facts, std::string_view master) {
  facts.master = master;
  facts.confidence = AppConfidence::kDpi;
}

void name(FlowFacts& facts, const std::string& host, NameSource source) {
  facts.host = host;
  facts.host_source = host.empty() ? NameSource::kNone : source;
  facts.names_final = true;
}

/// RFC 7858 and RFC 8484, as classifier/identity/encrypted_dns.h knows them; DoH shows by a resolver's name,
/// which only the classifier lists.
EncryptedDns encrypted_dns(const FlowFacts& facts, const Talk& talk) {
  if (facts.tuple.responder_port == 853) return EncryptedDns::kDot;
  return talk.sample != nullptr && talk.sample->app == "doh" ? EncryptedDns::kDoh : EncryptedDns::kNone;
}

void tls(Script& script, const Talk& talk) {
  FlowFacts& facts = script.facts();
  facts.tls.seen = true;
  facts.tls.sni = talk.name;
  facts.tls.version = talk.tls_version;
  facts.tls.alpn = talk.alpn;
  facts.encrypted_dns = encrypted_dns(facts, talk);
  name(facts, talk.name, NameSource::kTlsSni);
  label(facts, "TLS");
  script.client(tls_hello(talk.name, talk.tls_version, talk.alpn));
}

void http(Script& script, const Talk& talk) {
  FlowFacts& facts = script.facts();
  HttpFacts& said = facts.http;
  said.seen = true;
  said.method = talk.method;
  said.host = talk.name;
  said.path = said.url_path = talk.path;
  said.requests = 1;
  name(facts, talk.name, NameSource::kHttpHost);
  label(facts, "HTTP");
  const std::string host = talk.name.empty() ? "" : fmt::format("Host: {}\r\n", talk.name);
  script.client(fmt::format("{} {} HTTP/1.{}\r\n{}Accept: */*\r\nContent-Length: 0\r\n\r\n", talk.method,
                            talk.path, host.empty() ? 0 : 1, host));
  if (!talk.reply) return;
  said.status = 200;
  said.content_type = talk.reply->type;
  said.content_length = talk.reply->bytes;
  said.file_name = talk.reply->file;
  const std::string disposition =
      talk.reply->file.empty()
          ? ""
          : fmt::format("Content-Disposition: attachment; filename=\"{}\"\r\n", talk.reply->file);
  const std::string body(std::min<std::size_t>(talk.reply->bytes, 64), 'c');
  script.server(fmt::format("HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n{}",
                            talk.reply->type, talk.reply->bytes, disposition, body));
}

void dns(Script& script, const Talk& talk) {
  FlowFacts& facts = script.facts();
  facts.dns.seen = true;
  facts.dns.query = talk.name;
  name(facts, talk.name, NameSource::kDnsQuery);
  label(facts, "DNS");
  script.client(dns_question(talk.name, !facts.tuple.initiator.is_v4()));
}

void mail_seen(FlowFacts& facts, std::string_view protocol, std::string_view master) {
  facts.mail.seen = true;
  facts.mail.protocol = protocol;
  label(facts, master);
}

void message(Script& script, const Talk& talk) {
  MailFacts& mail = script.facts().mail;
  script.client("DATA\r\n");
  script.server("354 go on\r\n");
  const std::string text = mail_text(talk);
  MailMessage& said = mail.message.emplace_back();
  said.from = talk.message->from;
  said.subject = talk.message->subject;
  said.bytes = text.size();
  said.headers_done = said.done = true;
  if (talk.message->attachment) said.attachments.push_back(*talk.message->attachment);
  // A rule about a message speaks in its middle: its server gets no end of it.
  script.client(text, text.size() - 1);
}

void smtp(Script& script, Way way, const Talk& talk) {
  FlowFacts& facts = script.facts();
  mail_seen(facts, way == Way::kSubmission ? "submission" : "smtp", "SMTP");
  script.server("220 mx.weir.example ESMTP\r\n");
  script.client("EHLO canary.weir.example\r\n");
  script.server("250 mx.weir.example\r\n");
  facts.mail.sender = talk.sender;
  script.client(fmt::format("MAIL FROM:<{}>\r\n", talk.sender));
  script.server("250 ok\r\n");
  for (const std::string& recipient : talk.recipients) {
    facts.mail.pending_recipient = recipient;
    script.client(fmt::format("RCPT TO:<{}>\r\n", recipient));
    facts.mail.recipients.push_back(recipient);
    facts.mail.pending_recipient.clear();
    script.server("250 ok\r\n");
  }
  if (talk.message) message(script, talk);
}

void imap(Script& script) {
  mail_seen(script.facts(), "imap", "IMAP");
  script.server("* OK IMAP4rev1 ready\r\n");
  script.client("a1 CAPABILITY\r\n");
}

void pop3(Script& script) {
  mail_seen(script.facts(), "pop3", "POP3");
  script.server("+OK POP3 ready\r\n");
  script.client("CAPA\r\n");
}

void application(Script& script, const Talk& talk) {
  FlowFacts& facts = script.facts();
  const AppSample& sample = *talk.sample;
  if (sample.way == Way::kTls || sample.way == Way::kHttp) {
    Talk named = talk;
    named.name = sample.shown;
    facts.app = sample.app == "doh" || sample.app == "dot" ? std::string_view{} : sample.app;
    return sample.way == Way::kTls ? tls(script, named) : http(script, named);
  }
  if (sample.way == Way::kDns) {
    Talk named = talk;
    named.name = sample.shown;
    return dns(script, named);
  }
  if (!sample.greeting.empty()) script.server(std::string(sample.greeting));
  if (sample.answer.empty()) label(facts, sample.app);
  script.client(std::string(sample.shown));
  if (sample.answer.empty()) return;
  label(facts, sample.app);
  script.server(std::string(sample.answer));
}

bool is_tcp(const FlowFacts& facts) { return facts.tuple.protocol == kProtocolTcp; }

std::string attachment_content(const Talk::Message& message) {
  const Attachment& attachment = *message.attachment;
  if (attachment.encrypted) return encrypted_archive();
  return std::string(std::max<std::uint64_t>(attachment.bytes, 32), 'c');
}

}  // namespace

const char* to_string(Way way) { return kWays[static_cast<std::size_t>(way)]; }

std::uint8_t protocol_of(Way way, bool ipv4) {
  if (way == Way::kUdp || way == Way::kDns) return kProtocolUdp;
  if (way == Way::kIcmp) return ipv4 ? kProtocolIcmp : kProtocolIcmpV6;
  return kProtocolTcp;
}

std::uint16_t usual_port(Way way) {
  switch (way) {
    case Way::kTls:
      return 443;
    case Way::kHttp:
      return 80;
    case Way::kDns:
      return 53;
    case Way::kSmtp:
      return 25;
    case Way::kSubmission:
      return 587;
    case Way::kImap:
      return 143;
    case Way::kPop3:
      return 110;
    case Way::kIcmp:
      return 0;
    case Way::kTcp:
    case Way::kUdp:
    case Way::kApp:
      break;
  }
  return kNoService;
}

std::string mail_text(const Talk& talk) {
  const Talk::Message& message = *talk.message;
  const std::string& from = message.from.empty() ? talk.sender : message.from;
  std::string text = fmt::format("From: <{}>\r\nTo: <{}>\r\nSubject: {}\r\nMIME-Version: 1.0\r\n", from,
                                 fmt::join(talk.recipients, ">, <"), message.subject);
  if (message.attachment) {
    text += fmt::format(
        "Content-Type: multipart/mixed; boundary=\"canary\"\r\n\r\n--canary\r\nContent-Type: "
        "text/plain\r\n\r\n"
        "A rule canary of Weir.\r\n--canary\r\nContent-Type: application/octet-stream\r\n"
        "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"{}\"\r\n\r\n{}\r\n"
        "--canary--\r\n",
        message.attachment->name, base64(attachment_content(message)));
  } else {
    text += "\r\nA rule canary of Weir.\r\n";
  }
  while (text.size() < message.bytes) text += std::string(70, 'c') + "\r\n";
  return text + ".\r\n";
}

std::vector<Step> dialogue(Way way, const FlowFacts& ends, const Talk& talk) {
  const bool ipv4 = ends.tuple.initiator.is_v4();
  Script script{ends};
  script.facts().tuple.protocol = protocol_of(way == Way::kApp ? talk.sample->way : way, ipv4);
  if (is_tcp(script.facts())) {
    script.client({}, 1);
    script.server({});
  }
  switch (way) {
    case Way::kTcp:
      break;
    case Way::kUdp:
    case Way::kIcmp:
      script.client("a rule canary of Weir");
      break;
    case Way::kTls:
      tls(script, talk);
      break;
    case Way::kHttp:
      http(script, talk);
      break;
    case Way::kDns:
      dns(script, talk);
      break;
    case Way::kSmtp:
    case Way::kSubmission:
      smtp(script, way, talk);
      break;
    case Way::kImap:
      imap(script);
      break;
    case Way::kPop3:
      pop3(script);
      break;
    case Way::kApp:
      application(script, talk);
      break;
  }
  return script.take();
}

}  // namespace weir::prove
