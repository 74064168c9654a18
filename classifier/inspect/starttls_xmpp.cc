// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/starttls_xmpp.h"

#include <algorithm>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

bool may_be_xmpp(std::string_view first) {
  const auto begins = [&](std::string_view known) {
    const std::size_t compared = std::min(known.size(), first.size());
    return first.substr(0, compared) == known.substr(0, compared);
  };
  return begins("<?xml") || begins("<stream:stream");
}

/// One character further; kOpen or kEmpty with the last of a tag, whose name is then in `side`.
XmppStartTls::Tag XmppStartTls::step(Side& side, char c) {
  switch (side.in) {
    case Side::In::kText:
      if (c == '<') {
        side.in = Side::In::kName;
        side.name.clear();
        side.quote = 0;
        side.last = 0;
      }
      return Tag::kNone;
    case Side::In::kName:
      if (c == ':') {
        side.name = side.name.starts_with('/') ? "/" : "";  // what was there is a prefix
        return Tag::kNone;
      }
      if (c != '>' && !is_blank(c) && !(c == '/' && !side.name.empty())) {
        if (side.name.size() < kXmppTagNameBytesMax) side.name += c;
        return Tag::kNone;
      }
      side.in = Side::In::kTag;
      break;
    case Side::In::kTag:
      break;
  }
  if (side.quote != 0) {
    if (c == side.quote) side.quote = 0;
  } else if (c == '"' || c == '\'') {
    side.quote = c;
  } else if (c == '>') {
    side.in = Side::In::kText;
    return side.last == '/' ? Tag::kEmpty : Tag::kOpen;
  }
  side.last = c;
  return Tag::kNone;
}

/// The first element has to be a stream; declarations may be in front.
bool XmppStartTls::is_stream(Side& side) {
  if (side.name.starts_with('?')) return true;
  side.stream_seen = side.stream_seen || side.name == "stream";
  return side.stream_seen;
}

ParseStep XmppStartTls::from_client(Bytes bytes, FlowFacts&) {
  ParseStep out;
  for (const char c : as_text(bytes)) {
    if (waits_ && !is_blank(c))
      return {out.consumed, Outcome::kError};  // nothing may follow before the answer
    ++out.consumed;
    if (++client_.total > kXmppBytesMax) return {out.consumed, Outcome::kFinal};
    const Tag tag = step(client_, c);
    if (tag == Tag::kNone) continue;
    if (!is_stream(client_)) return {out.consumed, Outcome::kFinal};
    waits_ = client_.name == "starttls" && tag == Tag::kEmpty;
    if (client_.name == "/starttls") waits_ = true;
  }
  return out;
}

ParseStep XmppStartTls::from_server(Bytes bytes, FlowFacts&) {
  ParseStep out;
  for (const char c : as_text(bytes)) {
    ++out.consumed;
    if (++server_.total > kXmppBytesMax) return {out.consumed, Outcome::kFinal};
    const Tag tag = step(server_, c);
    if (tag == Tag::kNone || !waits_) continue;
    if (server_.name == "failure") return {out.consumed, Outcome::kFinal};
    const bool proceeds = server_.name == "proceed";
    if ((proceeds && tag == Tag::kEmpty) || (server_.name == "/proceed" && proceed_open_))
      return {out.consumed, Outcome::kTls};
    proceed_open_ = proceeds;
  }
  return out;
}

}  // namespace weir::classifier
