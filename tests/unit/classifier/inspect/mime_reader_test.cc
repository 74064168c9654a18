// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/mime_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/mail_message.h"

namespace weir::classifier {
namespace {

using test::base64;
using test::sha256;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

MailMessage read_in(std::string_view text, std::size_t piece = 100'000) {
  MailMessage message;
  MimeReader reader;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    reader.read(text.substr(0, piece), message);
  reader.finish(message);
  return message;
}

std::string part(std::string_view fields, std::string_view body) {
  return "--b\r\n" + std::string(fields) + "\r\n\r\n" + std::string(body) + "\r\n";
}

std::string mixed(const std::string& parts) {
  return "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n" + parts + "--b--\r\n";
}

TEST(MimeReader, HeaderOfAMessage) {
  const MailMessage message = read_in(
      "Received: from x\r\n by y\r\nFROM : =?utf-8?q?Anna?= <Anna@Sender.Example>\r\nTo: a@a.example,\r\n"
      "\tB <b@b.example>\r\nCc: c@c.example\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n "
      "=?iso-8859-1?q?_an_alle?=\r\n"
      "not a field\r\nMessage-ID: <1@sender.example>\r\nDate: Thu, 26 Nov 2026 14:00:00 +0000\r\n"
      "X-Mailer: Weir Test 1.0\r\nSubject: second\r\n\r\nFrom: body@no.example\r\n");
  EXPECT_EQ(message.from, "Anna@sender.example");
  EXPECT_THAT(message.to, ElementsAre("a@a.example", "b@b.example"));
  EXPECT_THAT(message.cc, ElementsAre("c@c.example"));
  EXPECT_EQ(message.subject,
            "Gr\xc3\xbc\xc3\x9f"
            "e an alle");
  EXPECT_EQ(message.message_id, "<1@sender.example>");
  EXPECT_EQ(message.date, "Thu, 26 Nov 2026 14:00:00 +0000");
  EXPECT_EQ(message.mailer, "Weir Test 1.0");
  EXPECT_TRUE(message.headers_done);
  EXPECT_TRUE(message.done);
  EXPECT_FALSE(message.cut);
  EXPECT_THAT(message.attachments, IsEmpty());
}

TEST(MimeReader, AttachmentsWithHashOfTheDecodedContent) {
  const std::string pe = test::pe_file();
  std::string binary;
  for (int i = 0; i < 9'000; ++i) binary += static_cast<char>(i * 7);
  const MailMessage message = read_in(mixed(
      part("Content-Type: text/plain", "Hello") +
      part("Content-Type: application/pdf; name=\"invoice.pdf\"\r\nContent-Transfer-Encoding: base64\r\n"
           "Content-Disposition: attachment; filename=\"invoice.pdf.exe\"",
           base64(pe)) +
      part("Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64", base64(binary)) +
      part("Content-Type: text/csv; name=t.csv\r\nContent-Transfer-Encoding: quoted-printable",
           "a;b =3D=\r\nc\r\nd")));
  ASSERT_THAT(message.attachments, SizeIs(3));
  const Attachment& program = message.attachments[0];
  EXPECT_EQ(program.name, "invoice.pdf.exe");
  EXPECT_EQ(program.other_name, "invoice.pdf");
  EXPECT_EQ(program.declared, "application/pdf");
  EXPECT_EQ(program.type, "pe");
  EXPECT_EQ(program.bytes, pe.size());
  EXPECT_EQ(program.sha256, sha256(pe));
  EXPECT_EQ(message.attachments[1].sha256, sha256(binary));
  EXPECT_EQ(message.attachments[1].bytes, binary.size());
  EXPECT_EQ(message.attachments[2].name, "t.csv");
  EXPECT_EQ(message.attachments[2].sha256, sha256("a;b =c\r\nd"));
}

TEST(MimeReader, KnownHash) {
  // SHA-256 of "abc": FIPS 180-2 appendix B.1.
  const MailMessage message =
      read_in("Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n");
  ASSERT_THAT(message.attachments, SizeIs(1));
  EXPECT_EQ(message.attachments[0].sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/// Each with the names of the attachments that a reader has to find.
struct Case {
  const char* what;
  std::string text;
  std::vector<std::string> names;
};

std::vector<Case> structures() {
  const std::string file = "Content-Disposition: attachment; filename=";
  const std::string inner = "Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n" + file +
                            "in.zip\r\n\r\nPK\x03\x04\r\n--inner--\r\nepilogue\r\n";
  const std::string no_blank = "--b\r\n" + file + "one\r\n--b\r\n" + file + "two\r\n\r\nx\r\n";
  return {
      {"nested", mixed("--b\r\n" + inner + part(file + "out", "y")), {"in.zip", "out"}},
      {"message in a message",
       mixed(part("Content-Type: message/rfc822", "Subject: inner\r\n" + inner)),
       {"in.zip"}},
      {"outer boundary ends the inner parts",
       mixed("--b\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n" + file +
             "in\r\n\r\nx\r\n" + part(file + "out", "y")),
       {"in", "out"}},
      {"no boundary named",
       "Content-Type: multipart/mixed\r\n\r\n--guess\r\n" + file + "a\r\n\r\nx\r\n--guess\r\n" + file +
           "c\r\n\r\nx\r\n--guess--\r\n",
       {"a", "c"}},
      {"no closing boundary",
       "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part(file + "a", "x"),
       {"a"}},
      {"parts behind the closing boundary",
       mixed(part(file + "a", "x")) + part(file + "late", "x"),
       {"a", "late"}},
      {"a part without an empty line", mixed(no_blank), {"one", "two"}},
      {"bare LF", "Content-Type: multipart/mixed; boundary=b\n\n--b \t\n" + file + "a\n\nx\n--b--\n", {"a"}},
      {"boundary that is another's beginning",
       mixed(part(file + "a", "--bc\r\nx") + part(file + "c", "--b --")),
       {"a", "c"}},
      {"second Content-Type is the multipart",
       "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
           part(file + "a", "x"),
       {"a"}},
      {"split and encoded name",
       mixed(part("Content-Disposition: attachment;\r\n filename*0*=utf-8''%C3%BC;\r\n "
                  "filename*1=.exe",
                  "x")),
       {"\xc3\xbc.exe"}},
      {"uuencoded in plain text",
       "\r\nhi\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\nbegin now\r\nbegin 600 two\r\n"
       "#0V%T\r\n`\r\nend\r\n",
       {"cat.txt", "two"}},
      {"digest",
       "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n" + file + "d\r\n\r\nx\r\n--b--",
       {"d"}},
      {"text that is no text", "\r\n" + test::pe_file(), {""}},
      {"a body in words", "Content-Type: text/html\r\n\r\n<script>eval(1)</script>", {}},
      {"an image without a name", mixed(part("Content-Type: image/png", "\x89PNG\r\n\x1a\n")), {""}},
      {"a name without an attachment",
       mixed(part("Content-Type: text/plain; name=notes.txt", "x")),
       {"notes.txt"}},
      {"no header", "\r\n", {}},
      {"header only", "Content-Disposition: attachment; filename=h", {"h"}},
      {"nothing", "", {}},
  };
}

std::vector<std::string> names(const MailMessage& message) {
  std::vector<std::string> out;
  for (const Attachment& each : message.attachments) out.push_back(each.name);
  return out;
}

TEST(MimeReader, FindsWhatReadersShow) {
  for (const Case& each : structures()) {
    SCOPED_TRACE(each.what);
    const MailMessage message = read_in(each.text);
    EXPECT_EQ(names(message), each.names);
    for (const Attachment& attachment : message.attachments) EXPECT_THAT(attachment.sha256, SizeIs(64));
  }
}

std::string all_of(const MailMessage& message) {
  std::string out = message.from + '|' + message.subject + '|' + std::to_string(message.bytes) +
                    (message.encrypted ? "|e" : "|") + (message.cut ? "c" : "");
  for (const Attachment& each : message.attachments) {
    out += '|' + each.name + '|' + each.other_name + '|' + each.declared + '|' + std::string(each.type) +
           '|' + std::to_string(each.bytes) + '|' + each.sha256 + (each.encrypted ? "|e" : "|");
  }
  return out;
}

TEST(MimeReader, AnyPiecesGiveTheSame) {
  std::vector<Case> cases = structures();
  std::mt19937 random(1);
  std::string bytes(20'000, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  cases.push_back({"large",
                   mixed(part("Content-Type: a/b\r\nContent-Transfer-Encoding: base64", base64(bytes)) +
                         part("Content-Type: a/b", bytes) +
                         part("Content-Type: a/b", "\r\r\n\n\r\n-\r\n--\r\n--bb\r\nx\r")),
                   {}});
  for (const Case& each : cases) {
    SCOPED_TRACE(each.what);
    const std::string whole = all_of(read_in(each.text));
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 64U, 1'460U})
      ASSERT_EQ(all_of(read_in(each.text, piece)), whole);
    for (unsigned seed = 0; seed < 50; ++seed) {
      MailMessage message;
      MimeReader reader;
      std::string_view text = each.text;
      while (!text.empty()) {
        const std::size_t count = std::min<std::size_t>(text.size(), 1 + random() % 40);
        reader.read(text.substr(0, count), message);
        text.remove_prefix(count);
      }
      reader.finish(message);
      ASSERT_EQ(all_of(message), whole);
    }
  }
}

TEST(MimeReader, Encryption) {
  EXPECT_TRUE(read_in("Content-Type: multipart/encrypted; boundary=b\r\n\r\n").encrypted);
  EXPECT_TRUE(read_in("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx").encrypted);
  EXPECT_FALSE(read_in("Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\nx").encrypted);
  EXPECT_TRUE(read_in("\r\n-----BEGIN PGP MESSAGE-----\r\n").encrypted);
  const MailMessage zip = read_in("Content-Type: a/b\r\n\r\n" + test::zip_member("a", "x", 1));
  EXPECT_FALSE(zip.encrypted);
  EXPECT_TRUE(zip.attachments.at(0).encrypted);
}

TEST(MimeReader, FactsComeBeforeTheEnd) {
  MailMessage message;
  MimeReader reader;
  EXPECT_TRUE(reader.read("Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", message));
  EXPECT_TRUE(message.headers_done);
  EXPECT_TRUE(
      reader.read("--b\r\nContent-Type: a/b; name=n\r\nContent-Transfer-Encoding: base64\r\n\r\n", message));
  EXPECT_EQ(names(message), std::vector<std::string>{"n"});
  const std::string content = base64(test::pe_file() + std::string(10'000, 'x'));
  EXPECT_TRUE(reader.read(std::string_view{content}.substr(0, 8'000), message));
  EXPECT_EQ(message.attachments[0].type, "pe");
  EXPECT_EQ(message.attachments[0].sha256, "");
  EXPECT_TRUE(reader.read(content.substr(8'000) + "\r\n--b--\r\n", message));
  EXPECT_THAT(message.attachments[0].sha256, SizeIs(64));
  EXPECT_FALSE(message.done);
}

TEST(MimeReader, LimitsCutTheReading) {
  std::string deep;
  for (std::size_t i = 0; i <= kMimeDepthMax; ++i) {
    const std::string name = "d" + std::to_string(i);
    deep += "Content-Type: multipart/mixed; boundary=" + name + "\r\n\r\n--" + name + "\r\n";
  }
  EXPECT_TRUE(read_in(deep).cut);
  std::string parts;
  for (std::size_t i = 0; i <= kMimePartsMax; ++i) parts += part("X: y", "");
  EXPECT_TRUE(read_in(mixed(parts)).cut);
  std::string messages = "Content-Type: message/rfc822\r\n\r\n";
  for (std::size_t i = 0; i <= kMimePartsMax; ++i) messages += "Content-Type: message/rfc822\r\n\r\n";
  EXPECT_TRUE(read_in(messages).cut);
  std::string fields;
  while (fields.size() <= kMimeHeaderBytesMax) fields += "X-Filler: " + std::string(1'000, 'x') + "\r\n";
  EXPECT_TRUE(read_in(fields + "\r\n").cut);
  EXPECT_TRUE(read_in("Content-Type: multipart/mixed; boundary=" +
                      std::string(kMimeBoundaryBytesMax + 1, 'b') + "\r\n\r\n")
                  .cut);
  std::string many;
  for (std::size_t i = 0; i < kMailAttachmentsMax + 5; ++i) many += part("Content-Type: a/b", "x");
  const MailMessage listed = read_in(mixed(many));
  EXPECT_THAT(listed.attachments, SizeIs(kMailAttachmentsMax));
  EXPECT_EQ(listed.attachments_left_out, 5U);
  EXPECT_FALSE(listed.cut);
}

TEST(MimeReader, LongFieldsAndNamesAreCut) {
  const MailMessage message =
      read_in("Subject: " + std::string(2 * kMimeFieldBytesMax, 's') +
              "\r\nTo: " + std::string(kMimeFieldBytesMax, 't') +
              "\r\n folded\r\nContent-Type: a/b; name=" + std::string(5'000, 'n') + "\r\n\r\nx");
  EXPECT_THAT(message.subject, SizeIs(kMimeValueBytesMax));
  EXPECT_LE(message.attachments.at(0).name.size(), kMailNameBytesMax);
  std::string to = "To: ";
  for (int i = 0; i < 300; ++i) to += "a@b.example, ";
  EXPECT_THAT(read_in(to + "\r\n" + to + "\r\n\r\n").to, SizeIs(kMailHeaderAddressesMax));
}

TEST(MimeReader, LargeMessagesAreCutAndHold) {
  MailMessage message;
  MimeReader reader;
  reader.read("Content-Type: a/b; name=n\r\n\r\n", message);
  const std::string block(1'048'576, 'x');
  for (int i = 0; i < 26; ++i) {
    reader.read(block, message);
    EXPECT_LT(reader.bytes_held(), 32'768U);
  }
  EXPECT_TRUE(reader.done());
  EXPECT_TRUE(message.cut);
  EXPECT_EQ(message.attachments[0].sha256, "");
  reader.finish(message);
  EXPECT_TRUE(message.done);
  EXPECT_GT(message.bytes, kMailMessageBytesMax);
}

}  // namespace
}  // namespace weir::classifier
