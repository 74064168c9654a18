// SPDX-License-Identifier: Apache-2.0
#include "dataplane/bypass/kernel_links.h"

#include <fmt/format.h>
#include <libmnl/libmnl.h>
// The kernel's <linux/if.h> first: both define the interface flags, and only this order agrees.
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace weir::dataplane {
namespace {

constexpr std::size_t kMessageBytes = 8'192;
constexpr std::uint16_t kGroupForward = 0xfff8;  // all but 01:80:c2:00:00:00..02, which the kernel refuses
constexpr std::uint8_t kNoIpv6Address = 1;       // IN6_ADDR_GEN_MODE_NONE
constexpr std::uint8_t kFamilyIpv6 = 10;         // AF_INET6; <sys/socket.h> does not go with <linux/if.h>

using Buffer = std::array<char, kMessageBytes>;

nlmsghdr* begin(Buffer& buffer, std::uint16_t type, std::uint16_t more_flags, unsigned index) {
  nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());
  message->nlmsg_type = type;
  message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | more_flags);
  auto* link = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)));
  link->ifi_family = 0;
  link->ifi_index = static_cast<int>(index);
  return message;
}

int read_kind(const nlattr* attribute, void* is_bridge) {
  if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND &&
      std::strcmp(mnl_attr_get_str(attribute), "bridge") == 0) {
    *static_cast<bool*>(is_bridge) = true;
  }
  return MNL_CB_OK;
}

int read_xdp(const nlattr* attribute, void* xdp) {
  if (mnl_attr_get_type(attribute) == IFLA_XDP_ATTACHED) {
    *static_cast<std::uint8_t*>(xdp) = mnl_attr_get_u8(attribute);
  }
  return MNL_CB_OK;
}

int read_attribute(const nlattr* attribute, void* data) {
  auto* link = static_cast<KernelLink*>(data);
  if (mnl_attr_get_type(attribute) == IFLA_MASTER) link->master = mnl_attr_get_u32(attribute);
  if (mnl_attr_get_type(attribute) == IFLA_LINKINFO) {
    mnl_attr_parse_nested(attribute, read_kind, &link->is_bridge);
  }
  if ((attribute->nla_type & NLA_TYPE_MASK) == IFLA_XDP)
    mnl_attr_parse_nested(attribute, read_xdp, &link->xdp);
  return MNL_CB_OK;
}

int read_link(const nlmsghdr* message, void* data) {
  auto* link = static_cast<KernelLink*>(data);
  const auto* head = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  link->index = static_cast<unsigned>(head->ifi_index);
  link->up = (head->ifi_flags & IFF_UP) != 0;
  return mnl_attr_parse(message, sizeof(*head), read_attribute, link);
}

Result<void> answer(int error, const std::string& what) {
  if (error == 0) return {};
  return failure(ErrorCode::kSystem, fmt::format("{}: {}", what, std::strerror(error)),
                 error == EPERM ? "this needs CAP_NET_ADMIN in the ports' network namespace" : "");
}

}  // namespace

Result<KernelLinks> KernelLinks::open() {
  mnl_socket* socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
  if (socket == nullptr || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
    const int error = errno;
    if (socket != nullptr) mnl_socket_close(socket);
    return failure(ErrorCode::kSystem, fmt::format("the kernel's network configuration cannot be asked: {}",
                                                   std::strerror(error)));
  }
  return KernelLinks(socket);
}

KernelLinks::KernelLinks(KernelLinks&& other) noexcept
    : socket_(std::exchange(other.socket_, nullptr)), sequence_(other.sequence_) {}

KernelLinks::~KernelLinks() {
  if (socket_ != nullptr) mnl_socket_close(socket_);
}

int KernelLinks::order(nlmsghdr* message) {
  message->nlmsg_flags |= NLM_F_ACK;
  message->nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(socket_, message, message->nlmsg_len) < 0) return errno;
  Buffer buffer;
  const ssize_t got = mnl_socket_recvfrom(socket_, buffer.data(), buffer.size());
  if (got < 0) return errno;
  const int done = mnl_cb_run(buffer.data(), static_cast<std::size_t>(got), sequence_,
                              mnl_socket_get_portid(socket_), nullptr, nullptr);
  return done < 0 ? errno : 0;
}

Result<std::optional<KernelLink>> KernelLinks::find(const std::string& name) {
  Buffer buffer;
  nlmsghdr* message = begin(buffer, RTM_GETLINK, 0, 0);
  message->nlmsg_seq = ++sequence_;
  mnl_attr_put_strz(message, IFLA_IFNAME, name.c_str());
  mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  KernelLink link;
  std::array<char, 4 * kMessageBytes> reply;
  ssize_t got = mnl_socket_sendto(socket_, message, message->nlmsg_len);
  if (got >= 0) got = mnl_socket_recvfrom(socket_, reply.data(), reply.size());
  if (got >= 0) {
    got = mnl_cb_run(reply.data(), static_cast<std::size_t>(got), sequence_, mnl_socket_get_portid(socket_),
                     read_link, &link);
  }
  if (got >= 0) return link;
  if (errno == ENODEV) return std::nullopt;
  return failure(ErrorCode::kSystem, fmt::format("interface {}: {}", name, std::strerror(errno)));
}

Result<void> KernelLinks::make_bridge(const std::string& name) {
  Buffer buffer;
  nlmsghdr* message = begin(buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
  mnl_attr_put_strz(message, IFLA_IFNAME, name.c_str());
  nlattr* info = mnl_attr_nest_start(message, IFLA_LINKINFO);
  mnl_attr_put_strz(message, IFLA_INFO_KIND, "bridge");
  nlattr* data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
  mnl_attr_put_u32(message, IFLA_BR_STP_STATE, 0);
  mnl_attr_put_u8(message, IFLA_BR_MCAST_SNOOPING, 0);
  mnl_attr_put_u16(message, IFLA_BR_GROUP_FWD_MASK, kGroupForward);
  mnl_attr_nest_end(message, data);
  mnl_attr_nest_end(message, info);
  return answer(order(message), fmt::format("bridge {} cannot be made", name));
}

Result<void> KernelLinks::remove(const KernelLink& link) {
  Buffer buffer;
  return answer(order(begin(buffer, RTM_DELLINK, 0, link.index)), "the bridge cannot be removed");
}

Result<void> KernelLinks::set_master(const KernelLink& port, unsigned bridge) {
  Buffer buffer;
  nlmsghdr* message = begin(buffer, RTM_SETLINK, 0, port.index);
  mnl_attr_put_u32(message, IFLA_MASTER, bridge);
  return answer(order(message), fmt::format("interface {} cannot be put into the bridge", port.index));
}

Result<void> KernelLinks::silence(const KernelLink& link) {
  Buffer buffer;
  nlmsghdr* message = begin(buffer, RTM_SETLINK, 0, link.index);
  nlattr* families = mnl_attr_nest_start(message, IFLA_AF_SPEC);
  nlattr* ipv6 = mnl_attr_nest_start(message, kFamilyIpv6);
  mnl_attr_put_u8(message, IFLA_INET6_ADDR_GEN_MODE, kNoIpv6Address);
  mnl_attr_nest_end(message, ipv6);
  mnl_attr_nest_end(message, families);
  const int error = order(message);
  if (error != 0 && error != EAFNOSUPPORT) {  // a kernel without IPv6 makes no addresses anyway
    return answer(error, "IPv6 cannot be kept off the bridge");
  }
  return flags(link, IFF_NOARP, "ARP cannot be kept off the bridge");
}

Result<void> KernelLinks::take_off_xdp(const KernelLink& link) {
  constexpr std::array<std::uint32_t, 3> kModes = {XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE, XDP_FLAGS_HW_MODE};
  if (link.xdp == XDP_ATTACHED_NONE) return {};
  int error = 0;
  bool gone = false;
  for (const std::uint32_t mode : kModes) {
    Buffer buffer;
    nlmsghdr* message = begin(buffer, RTM_SETLINK, 0, link.index);
    nlattr* xdp = mnl_attr_nest_start(message, IFLA_XDP);
    constexpr std::uint32_t kNoProgram = ~0U;  // -1
    mnl_attr_put_u32(message, IFLA_XDP_FD, kNoProgram);
    mnl_attr_put_u32(message, IFLA_XDP_FLAGS, mode);
    mnl_attr_nest_end(message, xdp);
    const int answered = order(message);  // a mode without a program, or that the driver does not know
    gone = gone || answered == 0;
    error = answered;
  }
  return gone ? Result<void>{}
              : answer(error, fmt::format("the XDP program at interface {} stays", link.index));
}

Result<void> KernelLinks::set_up(const KernelLink& link) {
  return flags(link, IFF_UP, "the interface cannot be set up");
}

Result<void> KernelLinks::flags(const KernelLink& link, unsigned wanted, const char* what) {
  Buffer buffer;
  nlmsghdr* message = begin(buffer, RTM_SETLINK, 0, link.index);
  auto* head = static_cast<ifinfomsg*>(mnl_nlmsg_get_payload(message));
  head->ifi_flags = wanted;
  head->ifi_change = wanted;
  return answer(order(message), what);
}

}  // namespace weir::dataplane
