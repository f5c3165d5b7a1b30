#pragma once

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/explain.hpp"
#include "rules/connections.hpp"

namespace marty::rules {

/// A port of a Service as a caller sees it, and one kind of pods behind it.
struct CalledPort {
  const Resource* service;
  const Node* node;   ///< the item of spec.ports
  std::size_t index;  ///< of it
  const mesh::Service* model;
  mesh::ServicePort port;  ///< target_port is filled in
  const Pods* pods;
  std::string path() const { return fmt::format("spec.ports[{}]", index); }
};

/// Whether calls between pods of the files can be completed under Istio: what NetworkPolicies, routes, mutual
/// TLS and authorization say together. The engine decides, from the part of the model that the call touches.
class Reach {
 public:
  explicit Reach(const Estate&);

  /// Ports whose pods have a sidecar of Istio's, first by Service, in the order of the files.
  const std::vector<CalledPort>& ports() const { return ports_; }
  /// The ALLOW and DENY policies in force at these pods; nullptr among them is not possible.
  const std::vector<const Resource*>& policies(const Pods&) const;
  /// Whether every policy there asks only for what is known of a call: who, what method, path and port.
  bool predictable(const Pods&) const;
  /// Why no request from there is ever answered by the application; nothing when one is, or when that depends
  /// on what the files do not say (headers, claims, addresses).
  std::optional<Refusal> refused(const Pods& from, const CalledPort&) const;

 private:
  void find_ports();
  struct Request {
    std::string method, path;
  };
  std::vector<Request> requests(const CalledPort&) const;
  mesh::Model part(const Pods& from, const CalledPort&) const;

  const Estate& estate_;
  Lazy<Connections> connections_;
  std::vector<CalledPort> ports_;
  std::unordered_map<const Pods*, std::vector<const Resource*>> policies_;
  std::unordered_map<const Resource*, const mesh::AuthorizationScope*> scopes_;
  template <class T>
  using ByHost = std::unordered_map<std::string_view, std::vector<const T*>>;
  ByHost<mesh::RouteTable> tables_;
  ByHost<mesh::DestinationPolicy> destinations_;
  std::map<std::pair<std::string_view, std::string_view>, const mesh::Workload*> workloads_;
};

}  // namespace marty::rules
