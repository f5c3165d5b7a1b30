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
/// The same of init containers, which call before the application starts.
void each_call_at_start(const Estate&, const std::function<void(const Call&)>& see);

/// The calls of an estate, looked for once: an estate makes and keeps them.
class Calls {
 public:
  explicit Calls(const Estate&);

 private:
  friend void each_call(const Estate&, const std::function<void(const Call&)>&);
  friend void each_call_at_start(const Estate&, const std::function<void(const Call&)>&);
  struct Said {
    const Pods* from;
    const Resource* service;
    std::int64_t port;
    const Node* node;
    std::string path;
  };
  static void look(const Estate&, std::initializer_list<Way>, std::vector<Said>& into);
  static void tell(const std::vector<Said>&, const std::function<void(const Call&)>& see);

  std::vector<Said> running_, starting_;
};

}  // namespace marty::rules
