// SPDX-License-Identifier: Apache-2.0
#include "policy/export/framing.h"

#include <fmt/format.h>

#include "policy/export/ipfix.h"
#include "policy/export/syslog.h"

namespace weir::output {
namespace {

/// One message a record, made by a function.
class Each : public Framing {
 public:
  using Make = std::string (*)(const Record&);
  explicit Each(Make make) : make_(make) {}
  void add(const Record& record, TimeNs /*now*/, std::vector<std::string>& messages) override {
    messages.push_back(make_(record));
  }

 private:
  Make make_;
};

/// The format `syslog` is a whole message wherever it goes; the others are bare in files and sockets.
std::string bare(const Record& record) {
  return record.structured.empty() ? record.body : syslog_message(record);
}
std::string line(const Record& record) { return bare(record) + "\n"; }
/// RFC 6587, 3.4.1 (octet counting), as RFC 5425 has it too.
std::string counted(const Record& record) {
  const std::string message = syslog_message(record);
  return fmt::format("{} {}", message.size(), message);
}

class Ipfix : public Framing {
 public:
  explicit Ipfix(bool reliable) : messages_(reliable) {}
  void begin_session() override { messages_.begin_session(); }
  void add(const Record& record, TimeNs now, std::vector<std::string>& messages) override {
    messages_.add(record.body, observation_domain(record.appliance), now, messages);
  }
  void flush(TimeNs now, std::vector<std::string>& messages) override { messages_.flush(now, messages); }

 private:
  IpfixMessages messages_;
};

}  // namespace

void Framing::flush(TimeNs /*now*/, std::vector<std::string>& /*messages*/) {}

std::unique_ptr<Framing> make_framing(Carrier carrier) {
  switch (carrier) {
    case Carrier::kFile:
    case Carrier::kUnixStream:
      return std::make_unique<Each>(&line);
    case Carrier::kUnixDatagram:
      return std::make_unique<Each>(&bare);
    case Carrier::kSyslogUdp:
      return std::make_unique<Each>(&syslog_message);
    case Carrier::kSyslogTcp:
    case Carrier::kSyslogTls:
      return std::make_unique<Each>(&counted);
    case Carrier::kIpfixUdp:
      return std::make_unique<Ipfix>(false);
    case Carrier::kIpfixTcp:
      break;
  }
  return std::make_unique<Ipfix>(true);
}

}  // namespace weir::output
