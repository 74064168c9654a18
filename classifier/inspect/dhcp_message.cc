// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/dhcp_message.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

constexpr std::uint8_t kRequest = 1;  // op
constexpr std::uint8_t kReply = 2;
constexpr std::uint8_t kEthernet = 1;  // htype
constexpr std::uint32_t kMagicCookie = 0x63825363;
constexpr std::size_t kOptionsOffset = 240;
constexpr std::size_t kMacBytes = 6;

enum Option : std::uint8_t {  // RFC 2132, RFC 4702
  kPad = 0,
  kHostName = 12,
  kOverload = 52,
  kMessageType = 53,
  kRequested = 55,
  kVendorClass = 60,
  kClientId = 61,
  kFqdn = 81,
  kEnd = 255,
};
constexpr std::uint8_t kAck = 5;  // message type

/// The options of interest. One that comes in parts is put together (RFC 3396).
struct Options {
  std::string host_name;
  std::string fqdn;
  std::string requested;
  std::string vendor_class;
  std::string client_id;
  std::uint8_t type = 0;
  std::uint8_t overload = 0;  // 1: `file` has options too, 2: `sname`
  std::size_t seen = 0;

  void read(Bytes bytes) {
    ByteReader reader{bytes};
    while (reader.left() > 0 && seen < kDhcpOptionsMax) {
      const std::uint8_t code = reader.u8();
      if (code == kEnd) return;
      if (code == kPad) continue;
      const Bytes value = reader.take(reader.u8());
      if (!reader.ok()) return;
      ++seen;
      take(code, value);
    }
  }

  void take(std::uint8_t code, Bytes value) {
    const auto append = [&](std::string& to) {
      to += as_text(value).substr(0, kDhcpTextBytesMax - std::min(to.size(), kDhcpTextBytesMax));
    };
    if (code == kHostName) append(host_name);
    if (code == kFqdn) append(fqdn);
    if (code == kRequested) append(requested);
    if (code == kVendorClass) append(vendor_class);
    if (code == kClientId) append(client_id);
    if (code == kMessageType && value.size() == 1) type = value[0];
    if (code == kOverload && value.size() == 1) overload = value[0];
  }
};

std::string numbers(std::string_view codes) {
  std::string out;
  for (const char code : codes.substr(0, kDhcpRequestedMax)) {
    if (!out.empty()) out += ',';
    out += std::to_string(static_cast<unsigned char>(code));
  }
  return out;
}

/// The first label of a domain name in the encoding of RFC 1035; empty when it is none.
std::string_view first_label(std::string_view wire) {
  if (wire.empty()) return {};
  const auto length = static_cast<unsigned char>(wire[0]);
  return length >= 1 && length <= 63 && length < wire.size() ? wire.substr(1, length) : std::string_view{};
}

/// What a host calls itself, to be shown; without trailing NULs, which some send, and dots.
std::string shown_name(std::string_view raw) {
  while (!raw.empty() && (raw.back() == '\0' || raw.back() == '.')) raw.remove_suffix(1);
  return printable(raw, kDhcpTextBytesMax);
}

std::string name_of(const Options& options) {
  if (!options.host_name.empty()) return shown_name(options.host_name);
  // RFC 4702 section 2: flags, two result codes, the name; flag E: in the encoding of RFC 1035.
  constexpr std::size_t kFqdnHead = 3;
  if (options.fqdn.size() <= kFqdnHead) return {};
  const std::string_view name = std::string_view{options.fqdn}.substr(kFqdnHead);
  if ((static_cast<unsigned char>(options.fqdn[0]) & 4U) != 0) return shown_name(first_label(name));
  return shown_name(name.substr(0, name.find('.')));
}

/// Hardware type 1 and the address of a client that identifies itself by it (RFC 2132 section 9.14).
MacAddress mac_of(Bytes bytes) {
  MacAddress mac;
  if (bytes.size() >= kMacBytes) std::copy_n(bytes.begin(), kMacBytes, mac.bytes.begin());
  return mac;
}

}  // namespace

bool looks_like_dhcp(Bytes datagram) {
  ByteReader reader{datagram};
  const std::uint8_t op = reader.u8();
  const std::uint8_t hardware_type = reader.u8();
  reader.skip(kOptionsOffset - 6);
  const std::uint32_t cookie = reader.u32();
  return reader.ok() && (op == kRequest || op == kReply) && hardware_type == kEthernet &&
         cookie == kMagicCookie;
}

void read_dhcp(Bytes datagram, DhcpFacts& facts, IdentityClaims& claims) {
  if (!looks_like_dhcp(datagram)) return;
  ByteReader reader{datagram};
  const bool reply = reader.u8() == kReply;
  reader.skip(1);
  const std::uint8_t hardware_bytes = reader.u8();
  reader.skip(1 + 4 + 2 + 2);  // hops, xid, secs, flags
  const Bytes client_address = reader.take(4);
  const Bytes your_address = reader.take(4);
  reader.skip(4);  // next server
  const bool relayed = reader.u32() != 0;
  const Bytes hardware = reader.take(16);
  const Bytes server_name = reader.take(64);
  const Bytes file = reader.take(128);
  Options options;
  options.read(datagram.subspan(kOptionsOffset));
  if ((options.overload & 1U) != 0) options.read(file);
  if ((options.overload & 2U) != 0) options.read(server_name);

  IdentityClaim claim;
  claim.about = IdentityClaim::About::kNamed;
  claim.host_name = name_of(options);
  claim.host_source = HostNameSource::kDhcp;
  claim.relayed = relayed && !reply;
  if (hardware_bytes == kMacBytes) claim.mac = mac_of(hardware);
  if (!reply) {
    facts.seen = true;
    facts.fingerprint = numbers(options.requested);
    facts.host_name = claim.host_name;
    facts.vendor_class = printable(options.vendor_class, kDhcpTextBytesMax);
    // A client that renews says its address; it has it still.
    if (as_text(client_address) != std::string_view("\0\0\0\0", 4))
      claim.address = IpAddress::v4(client_address.first<4>());
  } else if (options.type == kAck) {
    claim.address = IpAddress::v4(your_address.first<4>());
  } else {
    return;  // an offer may be refused
  }
  if (claim.mac != MacAddress{} && claims.size() < kClaimsMax) claims.push_back(std::move(claim));
}

namespace {

enum OptionV6 : std::uint16_t { kV6Requested = 6, kV6VendorClass = 16, kV6Fqdn = 39 };
constexpr std::uint8_t kV6MessageTypes = 11;  // solicit to information-request: without relays

}  // namespace

bool looks_like_dhcpv6(Bytes datagram) {
  ByteReader reader{datagram};
  const std::uint8_t type = reader.u8();
  reader.skip(3);
  if (!reader.ok() || type == 0 || type > kV6MessageTypes) return false;
  while (reader.left() > 0) {
    reader.skip(2);
    reader.skip(reader.u16());
  }
  return reader.ok();
}

void read_dhcpv6(Bytes datagram, DhcpFacts& facts, IdentityClaims& claims) {
  constexpr std::uint8_t kAdvertise = 2;
  constexpr std::uint8_t kV6Reply = 7;
  constexpr std::uint8_t kReconfigure = 10;
  if (!looks_like_dhcpv6(datagram)) return;
  ByteReader reader{datagram};
  const std::uint8_t type = reader.u8();
  if (type == kAdvertise || type == kV6Reply || type == kReconfigure) return;  // a server's
  reader.skip(3);
  facts = {.seen = true};
  for (std::size_t seen = 0; reader.left() > 0 && seen < kDhcpOptionsMax; ++seen) {
    const std::uint16_t code = reader.u16();
    ByteReader value{reader.take(reader.u16())};
    if (code == kV6Requested) {
      std::string codes;
      for (std::size_t i = 0; value.left() >= 2 && i < kDhcpRequestedMax; ++i)
        codes += (codes.empty() ? "" : ",") + std::to_string(value.u16());
      facts.fingerprint = std::move(codes);
    } else if (code == kV6VendorClass) {
      value.skip(4);  // enterprise number
      facts.vendor_class = printable(as_text(value.take(value.u16())), kDhcpTextBytesMax);
    } else if (code == kV6Fqdn) {
      value.skip(1);  // flags
      facts.host_name = shown_name(first_label(as_text(value.rest())));
    }
  }
  IdentityClaim claim;
  claim.host_name = facts.host_name;
  claim.host_source = HostNameSource::kDhcp;
  if (!claim.host_name.empty() && claims.size() < kClaimsMax) claims.push_back(std::move(claim));
}

}  // namespace weir::classifier
