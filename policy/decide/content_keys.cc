// SPDX-License-Identifier: Apache-2.0
// The keys of a rule about what a request, a reply, a hello or a message says. What is not known yet does not
// match.
#include <algorithm>

#include "policy/decide/evaluation.h"
#include "policy/decide/why.h"
#include "policy/lang/app_names.h"
#include "policy/lang/pattern.h"

namespace weir::policy {
namespace {

bool is_any(const std::vector<std::string>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [&](const std::string& one) { return is_like(one, text); });
}

/// "text/html" of "text/html; charset=utf-8".
std::string_view media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  return content_type;
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view ending_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

bool has_type(const AttachmentMatch& match, const Attachment& one) {
  return std::ranges::any_of(match.types, [&](std::string_view type) {
    return type == one.type || same_word(type, ending_of(one.name)) ||
           same_word(type, ending_of(one.other_name));
  });
}

bool holds(const AttachmentMatch& match, const Attachment& one) {
  if (!match.types.empty() && !has_type(match, one)) return false;
  if (!match.names.empty() && !is_any(match.names, one.name) && !is_any(match.names, one.other_name))
    return false;
  if (one.bytes <= match.over && match.over > 0) return false;
  return !match.encrypted || *match.encrypted == one.encrypted;
}

}  // namespace

bool Evaluation::request_keys(const Match& match, std::string_view& object, Why why) const {
  const HttpFacts& http = facts_.http;
  if (!match.methods.empty() &&
      !expect(why, http.seen && is_any(match.methods, http.method), "the method is {}",
              http.method.empty() ? "not known" : http.method)) {
    return false;
  }
  if (!match.paths.empty() && !expect(why, http.seen && is_any(match.paths, http.url_path), "the path is {}",
                                      http.url_path.empty() ? "not known" : http.url_path)) {
    return false;
  }
  if (!match.files.empty()) {
    const std::string_view file =
        http.file_name.empty() ? last_part(http.url_path) : std::string_view{http.file_name};
    if (!expect(why, http.seen && !file.empty() && is_any(match.files, file), "the file is {}",
                file.empty() ? "not known" : file)) {
      return false;
    }
    object = file;
  }
  if (!match.content_types.empty()) {
    const std::string_view type = media_type(http.content_type);
    if (!expect(why, !type.empty() && is_any(match.content_types, type), "the content type is {}",
                type.empty() ? "not known" : type)) {
      return false;
    }
  }
  if (match.download_over == 0) return true;
  if (!http.content_length) return expect(why, false, "the length of the reply is not known");
  return expect(why, *http.content_length > match.download_over, "the reply has {} bytes",
                *http.content_length);
}

bool Evaluation::hello_keys(const Match& match, Why why) const {
  const TlsFacts& tls = facts_.tls;
  if (match.unnamed && !expect(why, names_used_ == 0 && (tls.seen || facts_.http.seen), "the flow has {}",
                               names_used_ == 0 ? "no name" : "a name")) {
    return false;
  }
  if (!match.ja4.empty() &&
      !expect(why, !tls.ja4.empty() && is_any(match.ja4, tls.ja4), "the fingerprint of the hello is {}",
              tls.ja4.empty() ? "not known" : tls.ja4)) {
    return false;
  }
  if (match.tls_below == 0) return true;
  // What the server chose; until it has, the most that the client offers.
  const std::uint16_t version = tls.server_version != 0 ? tls.server_version : tls.version;
  if (version == 0) return expect(why, false, "the version of TLS is not known");
  return expect(why, version < match.tls_below, "the version of TLS is {:#06x}", version);
}

bool Evaluation::message_keys(const Match& match, std::string_view& object, Why why) const {
  const MailFacts& mail = facts_.mail;
  if (match.recipients_over) {
    const std::size_t count = mail.recipients.size() + (mail.pending_recipient.empty() ? 0 : 1);
    if (!expect(why, count > *match.recipients_over, "the mail has {} recipients", count)) return false;
  }
  const bool asks =
      !match.from.empty() || !match.subjects.empty() || match.message_over > 0 || match.attachment;
  if (!asks) return true;
  if (mail.message.empty()) return expect(why, false, "the message is not known yet");
  const MailMessage& message = mail.message.front();
  if (!match.from.empty() && !address_key(match.from, message.from, why)) return false;
  if (!match.subjects.empty() &&
      !expect(why, message.headers_done && is_any(match.subjects, message.subject), "the subject is {}",
              message.headers_done ? message.subject : "not known yet")) {
    return false;
  }
  if (match.message_over > 0 &&
      !expect(why, message.bytes > match.message_over, "the message has {} bytes so far", message.bytes)) {
    return false;
  }
  if (!match.attachment) return true;
  const auto at = std::ranges::find_if(message.attachments,
                                       [&](const Attachment& one) { return holds(*match.attachment, one); });
  if (at == message.attachments.end())
    return expect(why, false, "none of {} attachments is what the rule asks for", message.attachments.size());
  object = at->name.empty() ? at->type : std::string_view{at->name};
  return expect(why, true, "the attachment {} ({}, {} bytes) is what the rule asks for", at->name, at->type,
                at->bytes);
}

}  // namespace weir::policy
