#pragma once

#include <functional>
#include <string_view>

#include "rules/estate.hpp"

namespace marty::rules {

/// The Service that DNS gives for a name: "pets" in namespace `ns`, "pets.shop", "pets.shop.svc" or the whole
/// name; nullptr when it is not here. (Istio's objects take "pets.shop" for a host of somebody else's.)
const Resource* service_by_dns(const Estate&, std::string_view host, std::string_view ns);

/// A Service of the files that some pods say they call: an address in an environment variable, an argument or
/// the command.
struct Call {
  const Pods& from;
  const Resource& service;
  std::int64_t port = 0;  ///< as written, or the scheme's; 0 when not said
  const Place& place;     ///< of the address, inside the pods' spec
};
/// Addresses are http://, https:// or grpc:// URLs, or host:port where the host is a Service's name.
void each_call(const Estate&, const std::function<void(const Call&)>& see);

}  // namespace marty::rules
