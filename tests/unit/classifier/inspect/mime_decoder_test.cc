// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/mime_decoder.h"

#include <gtest/gtest.h>

namespace weir::classifier {
namespace {

using enum TransferEncoding;

std::string decoded(TransferEncoding encoding, std::string_view text, std::size_t piece) {
  MimeDecoder decoder(encoding);
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    decoder.decode(text.substr(0, piece), out);
  decoder.finish(out);
  return out;
}

struct Case {
  TransferEncoding encoding;
  std::string text;
  std::string expected;
};

TEST(MimeDecoder, KnownTextsInAnyPieces) {
  const Case cases[] = {
      {kIdentity, "a=20\r\n", "a=20\r\n"},
      {kBase64, "SGVsbG8=", "Hello"},
      {kBase64, "SGVs\r\nbG8=\r\n", "Hello"},
      {kBase64, "S!G#V*s b-G8", "Hello"},           // junk is skipped, padding may lack
      {kBase64, "SGVsbG8=SGVsbG8=", "HelloHello"},  // two texts in a row
      {kBase64, "", ""},
      {kQuotedPrintable, "a=3Db =C3=BC", "a=b \xc3\xbc"},
      {kQuotedPrintable, "soft=\r\nbreak=  \r\n s", "softbreak s"},
      {kQuotedPrintable, "trailing \t\r\nnext  ", "trailing\r\nnext"},
      {kQuotedPrintable, "kept  x\n", "kept  x\n"},
      {kQuotedPrintable, "=ZZ=4 =4", "=ZZ=4 =4"},  // wrong escapes stay
      {kQuotedPrintable, "lower=c3=bc", "lower\xc3\xbc"},
      {kUuencode, "#0V%T\r\n`\r\nend\r\n", "Cat"},
      {kUuencode, "#0V%T\n#0V%T\n \nend\n#0V%T\n", "CatCat"},  // nothing behind the end
  };
  for (const Case& each : cases) {
    for (std::size_t piece = 1; piece <= each.text.size() + 1; ++piece)
      EXPECT_EQ(decoded(each.encoding, each.text, piece), each.expected)
          << each.text << " in pieces of " << piece;
  }
}

TEST(MimeDecoder, BlanksHeldBackAreBounded) {
  const std::string blanks(3 * kQuotedPrintableHeldMax, ' ');
  EXPECT_EQ(decoded(kQuotedPrintable, blanks + "x", 100), blanks + "x");
  EXPECT_LE(decoded(kQuotedPrintable, "a" + blanks + "\n", 100).size(), 2 * kQuotedPrintableHeldMax + 3);
  EXPECT_EQ(decoded(kQuotedPrintable, "=" + blanks + "x", 7).size(), blanks.size() + 2);
  const std::string line(2 * kUuencodeLineBytesMax, 'M');
  EXPECT_LE(decoded(kUuencode, line + "\n", 10).size(), 63U);
}

TEST(MimeDecoder, NamesOfEncodings) {
  EXPECT_EQ(transfer_encoding(" BASE64 (really)"), kBase64);
  EXPECT_EQ(transfer_encoding("Quoted-Printable"), kQuotedPrintable);
  EXPECT_EQ(transfer_encoding("x-uuencode"), kUuencode);
  EXPECT_EQ(transfer_encoding("8bit"), kIdentity);
  EXPECT_EQ(transfer_encoding(""), kIdentity);
}

}  // namespace
}  // namespace weir::classifier
