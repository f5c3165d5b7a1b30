#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/header.hpp"

namespace marty::policy {

/// What a policy may see of a request. Views are valid during the call they are passed to.
struct RequestView {
  std::string_view method;
  std::string_view path;       ///< with query, normalised (istio.md 2.1)
  std::string_view authority;  ///< as sent, with port if sent
  std::string_view scheme = "http";
  std::span<const Header> headers;
  std::string_view peer_identity;  ///< "spiffe://td/ns/x/sa/y", empty when the peer is not authenticated
  std::string_view peer_ip;
  std::uint16_t port = 0;              ///< outbound: the service port; inbound: the workload's own port
  std::string_view peer_address = {};  ///< with its port, for messages

  std::string_view path_only() const { return path.substr(0, path.find('?')); }
};

}  // namespace marty::policy
