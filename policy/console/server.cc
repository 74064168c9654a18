// SPDX-License-Identifier: Apache-2.0
// One thread has all connections; kAnswerers others work out the answers, and nothing else is shared.
#include "policy/console/server.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <memory>
#include <optional>

#include "policy/console/answerers.h"
#include "policy/console/doors.h"
#include "policy/model/socket_address.h"

namespace weir::console {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = net::ip::tcp;
using Code = beast::error_code;
using std::chrono::seconds;

constexpr std::chrono::milliseconds kAcceptPause{200};  // after the system has no descriptor left
constexpr int kGoodbyeSeconds = 5;
constexpr rlim_t kDescriptors = kConnectionsMax + 192;  // listeners, channels, pages that are read
constexpr std::string_view kSessionCookie = "__Host-sid=";

struct Shared {
  const ServerOptions& options;
  net::io_context& context;
  Answerers& answerers;
  Doors& doors;
};

std::string text(boost::string_view view) { return {view.data(), view.size()}; }

std::string cookie_in(const std::string& header) {
  std::string_view rest = header;
  while (!rest.empty()) {
    std::string_view one = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with(kSessionCookie)) return std::string{one.substr(kSessionCookie.size())};
  }
  return {};
}

Request request_of(http::request<http::string_body>&& from, const std::string& address) {
  const auto header = [&](auto name) { return text(from[name]); };
  return {.method = text(from.method_string()),
          .target = text(from.target()),
          .body = std::move(from.body()),
          .address = address,
          .host = header(http::field::host),
          .origin = header(http::field::origin),
          .fetch_site = header("Sec-Fetch-Site"),
          .csrf = header("X-CSRF"),
          .content_type = header(http::field::content_type),
          .session = cookie_in(header(http::field::cookie)),
          .if_match = header(http::field::if_match),
          .last_event = header("Last-Event-ID"),
          .authorization = header(http::field::authorization),
          .key = header("Idempotency-Key")};
}

/// Where a request ends must have one meaning alone.
bool has_clear_end(const http::request<http::string_body>& request) {
  const auto length = request[http::field::content_length];
  return request.count(http::field::transfer_encoding) == 0 &&
         request.count(http::field::content_length) <= 1 && request.count(http::field::host) == 1 &&
         std::ranges::all_of(length, [](char c) { return c >= '0' && c <= '9'; });  // no list of them
}

Response answer_to(const Code& code) {
  if (code == http::error::header_limit) return problem(431, "too-large", "its header");
  if (code == http::error::body_limit) return problem(413, "too-large", "its body");
  return problem(400, "bad-request");
}

class Connection final : public std::enable_shared_from_this<Connection>, private Guest {
 public:
  Connection(Shared& shared, Tcp::socket socket, net::ssl::context& tls, std::string address)
      : shared_(shared),
        stream_(std::move(socket), tls),
        timer_(shared.context),
        address_(std::move(address)) {}
  ~Connection() {
    heard();
    shared_.doors.leave(address_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void run() {
    expire_after(times().handshake_s);
    place_ = shared_.doors.wait(this);
    stream_.async_handshake(net::ssl::stream_base::server, [self = shared_from_this()](Code code) {
      if (!code) self->read_header();
    });
  }

 private:
  [[nodiscard]] const ServerTimes& times() const { return shared_.options.times; }
  void expire_after(int count) { beast::get_lowest_layer(stream_).expires_after(seconds{count}); }

  void evict() override {
    place_.reset();
    beast::get_lowest_layer(stream_).close();
  }
  void heard() {
    if (place_) shared_.doors.wait_no_longer(*place_);
    place_.reset();
  }

  void read_header() {
    heard();
    place_ = shared_.doors.wait(this);
    parser_.emplace();
    parser_->header_limit(kHeaderBytesMax);
    parser_->body_limit(kBodyBytesMax);
    expire_after(times().request_s);  // also for the body: who sends slowly is cut off
    http::async_read_header(stream_, buffer_, *parser_, [self = shared_from_this()](Code code, std::size_t) {
      if (code) return self->give_up(code);
      if (!has_clear_end(self->parser_->get()))
        return self->refuse(problem(400, "bad-request", "its framing"));
      self->read_body();
    });
  }

  void read_body() {
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](Code code, std::size_t) {
      if (code) return self->give_up(code);
      self->ask();
    });
  }

  void give_up(const Code& code) {
    if (code == http::error::end_of_stream) return say_goodbye();
    if (code.category() == Code{http::error::bad_method}.category()) refuse(answer_to(code));
    // Else the peer is gone, or too slow.
  }

  void refuse(const Response& response) {
    keep_ = false;
    write(response);
  }

  void ask() {
    heard();
    auto message = parser_->release();
    keep_ = message.keep_alive();
    head_ = message.method() == http::verb::head;
    const bool gzip = text(message[http::field::accept_encoding]).find("gzip") != std::string::npos;
    request_ = request_of(std::move(message), address_);
    const bool asked = shared_.answerers.ask(
        shared_.context, request_, gzip, [self = shared_from_this()](Response response) {
          if (response.type == "text/event-stream" && response.status == 200)
            return self->begin_events(response);
          self->write(response);
        });
    if (!asked) refuse(problem(503, "unavailable", "too many requests wait"));
  }

  void write(const Response& from) {
    response_ = {};
    response_.version(11);
    response_.result(static_cast<unsigned>(from.status));
    for (const auto& [name, value] : security_headers()) response_.set(name, value);
    // Of the API and of refusals; pages say it themselves.
    if (from.header("Cache-Control").empty()) response_.set(http::field::cache_control, "no-store");
    if (!from.type.empty()) response_.set(http::field::content_type, from.type);
    for (const auto& [name, value] : from.headers) response_.insert(name, value);
    response_.keep_alive(keep_);
    response_.body() = from.body;
    response_.prepare_payload();
    if (head_) response_.body().clear();
    expire_after(times().answer_s);
    http::async_write(stream_, response_, [self = shared_from_this()](Code code, std::size_t) {
      if (code) return;
      if (!self->keep_) return self->say_goodbye();
      self->read_header();
    });
  }

  void begin_events(const Response& first) {
    std::string header =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
        "Connection: close\r\n";
    for (const auto& [name, value] : security_headers()) header += fmt::format("{}: {}\r\n", name, value);
    tell(header + "\r\n", first);
  }

  /// Sends what there is, and looks again after a while.
  void tell(const std::string& before, const Response& response) {
    if (response.status != 200) return say_goodbye();  // the session is over
    request_.last_event = response.header("Weir-Event");
    text_ = before + response.body;
    quiet_s_ = response.body.empty() ? quiet_s_ + times().event_s : 0;
    if (quiet_s_ >= times().alive_s) {
      text_ += ": alive\n\n";
      quiet_s_ = 0;
    }
    if (text_.empty()) return look_later();
    expire_after(times().answer_s);
    net::async_write(stream_, net::buffer(text_), [self = shared_from_this()](Code code, std::size_t) {
      if (!code) self->look_later();
    });
  }

  void look_later() {
    beast::get_lowest_layer(stream_).expires_never();
    timer_.expires_after(seconds{times().event_s});
    timer_.async_wait([self = shared_from_this()](Code code) {
      if (code) return;
      const bool asked =
          self->shared_.answerers.ask(self->shared_.context, self->request_, false,
                                      [self](const Response& response) { self->tell({}, response); });
      if (!asked) self->say_goodbye();
    });
  }

  void say_goodbye() {
    expire_after(kGoodbyeSeconds);
    stream_.async_shutdown([self = shared_from_this()](Code) {});
  }

  Shared& shared_;
  beast::ssl_stream<beast::tcp_stream> stream_;
  net::steady_timer timer_;
  std::string address_;
  beast::flat_buffer buffer_{kHeaderBytesMax + kBodyBytesMax};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  Request request_;
  std::string text_;                   // of events, while it is sent
  std::optional<Doors::Place> place_;  // while it waits for its peer
  int quiet_s_ = 0;
  bool keep_ = false;
  bool head_ = false;
};

class Listener {
 public:
  Listener(Shared& shared, net::ssl::context& tls)
      : shared_(shared), tls_(tls), acceptor_(shared.context), pause_(shared.context) {}

  void open(const SocketAddress& where) {
    const std::string words = where.to_string();
    const std::string address = words.substr(0, words.rfind(':'));
    const bool v6 = address.starts_with('[');
    const Tcp::endpoint endpoint{net::ip::make_address(v6 ? address.substr(1, address.size() - 2) : address),
                                 where.port};
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(net::socket_base::reuse_address(true));
    if (v6) acceptor_.set_option(net::ip::v6_only(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
    accept();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](Code code, Tcp::socket socket) {
      if (code == net::error::operation_aborted) return;
      if (code) return accept_later();
      greet(std::move(socket));
      accept();
    });
  }
  void accept_later() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](Code code) {
      if (!code) accept();
    });
  }
  void greet(Tcp::socket socket) {
    Code code;
    const Tcp::endpoint peer = socket.remote_endpoint(code);
    if (code) return;
    const std::string address = peer.address().to_string();
    if (!shared_.doors.enter(address)) return;  // the socket closes
    std::make_shared<Connection>(shared_, std::move(socket), tls_, address)->run();
  }

  Shared& shared_;
  net::ssl::context& tls_;
  Tcp::acceptor acceptor_;
  net::steady_timer pause_;
};

void prepare(net::ssl::context& tls, const Identity& identity) {
  SSL_CTX* const native = tls.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native,
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // idle connections have no use for them
  tls.use_certificate_chain(net::buffer(identity.certificate));
  tls.use_private_key(net::buffer(identity.key), net::ssl::context::pem);
}

/// As many as the connections need, where the system allows it.
void allow_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kDescriptors) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, kDescriptors);
  setrlimit(RLIMIT_NOFILE, &limit);
}

void serve_throwing(const ServerOptions& options, const std::function<void()>& ready) {
  allow_descriptors();
  net::ssl::context tls{net::ssl::context::tls_server};
  prepare(tls, options.identity);
  Answerers answerers{options};
  Doors doors;
  auto context = std::make_unique<net::io_context>(1);
  Shared shared{options, *context, answerers, doors};
  {
    std::vector<std::unique_ptr<Listener>> listeners;
    for (const std::string& one : options.listen) {
      const auto where = SocketAddress::parse(one);
      if (!where) continue;
      listeners.push_back(std::make_unique<Listener>(shared, tls));
      listeners.back()->open(*where);
    }
    net::posix::stream_descriptor stop{*context, ::dup(options.stop)};
    stop.async_wait(net::posix::stream_descriptor::wait_read, [&context](Code) { context->stop(); });
    ready();
    context->run();
    answerers.join();
  }
  context.reset();  // with what is still open: that leaves by the doors
}

}  // namespace

Result<void> serve(const ServerOptions& options, const std::function<void()>& ready) {
  try {
    serve_throwing(options, ready);
    return {};
  } catch (const std::exception& error) {
    return failure(ErrorCode::kSystem, fmt::format("the console cannot serve: {}", error.what()));
  }
}

}  // namespace weir::console
