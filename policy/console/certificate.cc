// SPDX-License-Identifier: Apache-2.0
#include "policy/console/certificate.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

#include "policy/audit/private_file.h"
#include "policy/model/text_file.h"

namespace weir::console {
namespace {

constexpr std::size_t kPemBytesMax = 1U << 20U;
constexpr long kDay = 86'400;

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* one) const {
    Free(one);
  }
};
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free>>;

std::string bytes_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string{};
}

Memory memory_of(const std::string& text) {
  return Memory{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

void add_extension(X509* certificate, int what, const char* value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value);
  if (extension == nullptr) return;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// "IP:10.0.0.1,DNS:weir": where the console listens and what the appliance is called.
std::string names_of(const Settings& settings) {
  std::string names = "DNS:" + settings.appliance + ",DNS:localhost";
  for (const std::string_view one : comma_separated(settings.console.listen)) {
    const std::string_view address = one.substr(0, one.rfind(':'));
    const bool v6 = address.starts_with('[');
    names += fmt::format(",IP:{}", v6 ? address.substr(1, address.size() - 2) : address);
  }
  return names;
}

Result<Identity> made(const Settings& settings) {
  const Key key{EVP_EC_gen("P-256")};
  const Certificate certificate{X509_new()};
  if (!key || !certificate) return failure(ErrorCode::kSystem, "cannot make a key for the console");
  X509_set_version(certificate.get(), 2);
  std::array<unsigned char, 16> serial{};
  RAND_bytes(serial.data(), static_cast<int>(serial.size()));
  serial[0] &= 0x7FU;
  const std::unique_ptr<BIGNUM, Freer<BN_free>> number{
      BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr)};
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get()));
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kOwnCertificateDays * kDay);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  const std::string title = "Weir " + settings.appliance;
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(title.data()),
                             static_cast<int>(title.size()), -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  add_extension(certificate.get(), NID_subject_alt_name, names_of(settings).c_str());
  add_extension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate.get(), NID_ext_key_usage, "serverAuth");
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0)
    return failure(ErrorCode::kSystem, "cannot sign the console's certificate");
  const Memory text{BIO_new(BIO_s_mem())};
  const Memory secret{BIO_new(BIO_s_mem())};
  PEM_write_bio_X509(text.get(), certificate.get());
  PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return Identity{bytes_of(text.get()), bytes_of(secret.get()), {}};
}

/// Fills in the fingerprint.
Result<Identity> checked(Identity identity, const std::string& where) {
  const Memory text = memory_of(identity.certificate);
  const Memory secret = memory_of(identity.key);
  const Certificate certificate{PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)};
  const auto no_password = [](char*, int, int, void*) { return 0; };
  const Key key{PEM_read_bio_PrivateKey(secret.get(), nullptr, no_password, nullptr)};
  if (!certificate || !key || X509_check_private_key(certificate.get(), key.get()) != 1) {
    return failure(ErrorCode::kInvalid, fmt::format("{} is no certificate in PEM with its key", where),
                   "console.certificate_file and console.key_file belong together");
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size);
  for (unsigned int i = 0; i < size; ++i)
    identity.fingerprint += fmt::format("{}{:02X}", i == 0 ? "" : ":", digest[i]);
  return identity;
}

Result<Identity> own(const std::string& folder, const Settings& settings) {
  auto pair = policy::read_private(folder + "/own.pem");
  if (!pair && pair.error().code == ErrorCode::kNotFound) {
    const auto identity = made(settings);
    if (!identity) return identity;
    const auto kept = policy::make_private(folder + "/own.pem", identity->key + identity->certificate);
    if (!kept) return tl::unexpected(kept.error());
    pair = policy::read_private(folder + "/own.pem");
  }
  if (!pair) return tl::unexpected(pair.error());
  return checked({*pair, *pair, {}}, folder + "/own.pem");
}

}  // namespace

Result<Identity> identity_of(const Settings& settings) {
  const ConsoleSettings& console = settings.console;
  if (console.certificate_file.empty() && console.key_file.empty())
    return own(settings.state_directory + "/console", settings);
  auto certificate = read_text_file(console.certificate_file, kPemBytesMax);
  if (!certificate) return tl::unexpected(certificate.error());
  auto key = read_text_file(console.key_file, kPemBytesMax);
  if (!key) return tl::unexpected(key.error());
  return checked({std::move(*certificate), std::move(*key), {}}, console.certificate_file);
}

}  // namespace weir::console
