// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/ssh_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/support/inspected_flow.h"
#include "tests/support/ssh_builder.h"

namespace weir::test {
namespace {

using classifier::hassh;
using classifier::Inspected;
using testing::ElementsAre;

constexpr const char* kOpenSshMiddle =
    "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,"
    "aes256-gcm@openssh.com;umac-64-etm@openssh.com,umac-128-etm@openssh.com,"
    "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,"
    "umac-64@openssh.com,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1;"
    "none,zlib@openssh.com,zlib";
constexpr const char* kOpenSshKex =
    "sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,"
    "ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,"
    "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256,ext-info-c,"
    "kex-strict-c-v00@openssh.com;";
constexpr const char* kOpenSsh53 =
    "diffie-hellman-group-exchange-sha256,diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1,"
    "diffie-hellman-group1-sha1;aes128-ctr,aes192-ctr,aes256-ctr,arcfour256,arcfour128,aes128-cbc,3des-cbc,"
    "blowfish-cbc,cast128-cbc,aes192-cbc,aes256-cbc,arcfour,rijndael-cbc@lysator.liu.se;hmac-md5,hmac-sha1,"
    "umac-64@openssh.com,hmac-ripemd160,hmac-ripemd160@openssh.com,hmac-sha1-96,hmac-md5-96;"
    "none,zlib@openssh.com";

TEST(Hassh, KnownAnswers) {
  // Cowrie, of OpenSSH_9.2p1 Debian-2+deb12u3.
  const std::string debian = std::string{kOpenSshKex} + kOpenSshMiddle;
  EXPECT_EQ(hassh(as_bytes(ssh_kexinit(debian)), false), "aae6b9604f6f3356543709a376d7f657");
  // The lists of OpenSSH 5.3's server are in the README of salesforce/hassh; MD5 by md5sum.
  EXPECT_EQ(hassh(as_bytes(ssh_kexinit(kOpenSsh53, "server")), true), "b1c6c0d56317555b85c7005a3de29325");
  EXPECT_NE(hassh(as_bytes(ssh_kexinit(kOpenSsh53, "server")), false), "b1c6c0d56317555b85c7005a3de29325");
}

TEST(Hassh, WhatIsNone) {
  const std::string good = ssh_kexinit("a;b;c;d");
  EXPECT_EQ(hassh(as_bytes("\x15" + good.substr(1)), false), "");
  const std::size_t behind_last_list = 17 + 8 * 4 + 1 + 11 + 3 + 3 * 5;
  for (std::size_t cut = 0; cut < behind_last_list; ++cut)
    EXPECT_EQ(hassh(as_bytes(good.substr(0, cut)), false), "") << cut;
  EXPECT_EQ(
      hassh(as_bytes(ssh_kexinit(std::string(classifier::kSshListBytesMax + 1, 'x') + ";a;b;c")), false), "");
}

/// What Debian's ssh sent in the lab; the value was computed with Python from the same bytes.
std::string debian_client() {
  std::ifstream in(std::string{WEIR_SOURCE_DIR} + "/tests/fuzz/corpus/ssh/debian-client", std::ios::binary);
  const std::string stored{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return stored.substr(stored.find("SSH-2.0-OpenSSH"));
}

TEST(SshSession, DebiansClientInAnyPieces) {
  const std::string sent = debian_client();
  for (const std::size_t bytes : {1U, 7U, 536U, 4'000U}) {
    SCOPED_TRACE(bytes);
    InspectedFlow flow(22);
    flow.server("SSH-2.0-OpenSSH_5.3\r\n");
    flow.client_in_pieces(sent, bytes);
    EXPECT_FALSE(flow.inspector.names_final());
    flow.server(ssh_packet(ssh_kexinit(kOpenSsh53, "server")));
    EXPECT_EQ(flow.facts.ssh.client_banner, "OpenSSH_9.2p1 Debian-2+deb12u6");
    EXPECT_EQ(flow.facts.ssh.server_banner, "OpenSSH_5.3");
    EXPECT_EQ(flow.facts.ssh.hassh, "472b5de333ad665af5cbf10ff892c4df");
    EXPECT_EQ(flow.facts.ssh.hassh_server, "b1c6c0d56317555b85c7005a3de29325");
    EXPECT_TRUE(flow.inspector.names_final());
  }
}

TEST(SshSession, ClientSpeaksFirst) {
  InspectedFlow flow(2'222);
  flow.client("SSH-2.0-early\r\n" + ssh_packet(ssh_kexinit("a;b;c;d")));
  EXPECT_FALSE(flow.facts.ssh.seen) << "the server decides what this is";
  flow.server("Welcome\r\nSSH-1.99-old\n");
  flow.client("\x01");
  EXPECT_EQ(flow.facts.ssh.server_banner, "SSH-1.99-old");
  EXPECT_EQ(flow.facts.ssh.client_banner, "early");
  EXPECT_EQ(flow.facts.ssh.hassh, "845425be4f77f4097e014a6591497010");
}

TEST(SshSession, NamesBehindALineThatLooksLikeIt) {
  InspectedFlow mail(25);  // a mail server answers "500 what?" and goes on
  mail.client("SSH-2.0-x\r\n");
  mail.server("220 mx.example ESMTP\r\n");
  mail.server("500 what?\r\n");
  mail.client("EHLO me\r\n");
  mail.server("250 mx.example\r\n");
  mail.client("MAIL FROM:<a@b.example>\r\n");
  mail.server("250 ok\r\n");
  mail.client("RCPT TO:<c@blocked.example>\r\n");
  EXPECT_THAT(mail.recipients, ElementsAre("c@blocked.example"));
  InspectedFlow web(80);
  web.client("SSH-2.0-x / HTTP/1.1\r\nHost: blocked.example\r\n\r\n");
  EXPECT_THAT(web.hosts, ElementsAre("blocked.example"));
}

TEST(SshSession, WhatIsBrokenEnds) {
  const struct {
    const char* what;
    std::string client;
  } cases[] = {
      {"no identification", "hello there, this is none\r\n"},
      {"too long a line", "SSH-2.0-" + std::string(300, 'x')},
      {"no KEXINIT", "SSH-2.0-x\r\n" + ssh_packet("\x15 nothing")},
      {"too long a packet", "SSH-2.0-x\r\n" + Wire{}.u16(1).u16(0).u8(4).u8(20).str()},
      {"only padding", "SSH-2.0-x\r\n" + Wire{}.u16(0).u16(5).u8(9).u8(20).str()},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.what);
    InspectedFlow flow(22);
    flow.server("SSH-2.0-server\r\n");
    const Inspected seen = flow.client(each.client);
    EXPECT_FALSE(seen.parser_error || seen.undecidable);
    EXPECT_TRUE(flow.inspector.names_final());
  }
}

TEST(SshSession, HoldsNoMoreThanAPacket) {
  classifier::SshSession session;
  FlowFacts facts;
  static_cast<void>(session.from_server(as_bytes("SSH-2.0-s\r\n"), facts));
  const std::string head = Wire{}.u16(0).u16(classifier::kSshPacketBytesMax).u8(4).u8(20).str();
  static_cast<void>(session.from_server(as_bytes(head), facts));
  const std::string filler(1'000, 'x');
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(session.from_server(as_bytes(filler), facts));
    EXPECT_LT(session.bytes_held(), classifier::kSshPacketBytesMax + 1'100);
  }
  EXPECT_EQ(facts.ssh.hassh_server, "");
}

}  // namespace
}  // namespace weir::test
