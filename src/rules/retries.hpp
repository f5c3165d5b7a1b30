#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/estate.hpp"

/// How calls multiply on their way, by what retries them.
namespace marty::rules {

/// The most tries that a proxy makes of one call, and why.
struct Tries {
  std::uint64_t count = 3;  ///< where nobody speaks of it: Istio's default of 2 retries
  Origin origin;            ///< of the attempts; unknown: the default
  bool on_answers = false;  ///< also after an answer such as 503, so that inner failures multiply
};

/// Of sidecars of either mesh, by the FQDN they call; hosts that nobody speaks of are left out.
std::map<std::string, Tries> tries_by_host(const Estate&);
/// Of one item of a VirtualService's http, as written: for gateways, of which the model knows nothing.
Tries tries_of_route(const Node& route);

/// Whether a VirtualService is for gateways, beside the mesh or not.
bool is_for_gateways(const Resource& virtual_service);

/// Who calls whom through a mesh, and how often for one call from outside. A node is a Service, or a
/// VirtualService of a gateway, where calls only come in.
class CallChains {
 public:
  explicit CallChains(const Estate&);

  /// Those that nobody among the files calls, but that call others.
  std::vector<const Resource*> entries() const;

  struct Worst {
    std::uint64_t product = 1;
    const Resource* next = nullptr;
  };
  /// The most tries that one call handled there causes at the end of the chains below it.
  const Worst& below(const Resource&);
  /// What `from` makes of one call to the Service.
  const Tries& of(const Resource& from, const Resource& service) const;

 private:
  void add_calls(const Estate&);
  void add(const Resource& from, const Resource& service);
  void add_linkerd(const Resource& from, const Resource& service);
  void add_gateways(const Estate&);

  std::map<std::string, Tries> tries_;
  /// Calls that are not made as Istio's sidecars make them: by gateways, and under Linkerd.
  std::map<std::pair<const Resource*, const Resource*>, Tries> elsewhere_;
  std::map<const Resource*, std::set<const Resource*>> calls_;
  std::set<const Resource*> entries_, called_;
  std::map<const Resource*, Worst> worst_;
};

}  // namespace marty::rules
