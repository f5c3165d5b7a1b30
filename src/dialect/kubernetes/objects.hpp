#pragma once

#include "dialect/kubernetes/label_selector.hpp"

/// The parts of Kubernetes' own kinds that a mesh acts on. What is not listed is tolerated: these kinds are
/// large and well checked elsewhere.
namespace marty::dialect::kubernetes {

using manifest::IntOrString;

struct ServicePort {
  Sourced<std::string> name, protocol{"TCP"};
  Sourced<std::uint32_t> port;
  std::optional<IntOrString> target_port;
  Origin origin;
};
struct Service {
  static constexpr const char* kKind = "Service";
  mesh::Labels selector;
  std::vector<ServicePort> ports;
};

struct ContainerPort {
  Sourced<std::string> name;
  Sourced<std::uint32_t> container_port;
};
struct HttpGet {
  Sourced<std::string> path;
  std::optional<IntOrString> port;
};
struct Probe {
  std::optional<HttpGet> http_get;
};
struct Container {
  Sourced<std::string> name;
  std::vector<ContainerPort> ports;
  std::optional<Probe> readiness, liveness, startup;
};
struct PodSpec {
  Sourced<std::string> service_account{"default"};
  std::vector<Container> containers;
};
struct PodTemplate {
  std::optional<manifest::Metadata> metadata;
  PodSpec spec;
};
/// Deployment, StatefulSet or DaemonSet.
struct Workload {
  static constexpr const char* kKind = "Deployment";
  Sourced<std::uint32_t> replicas{1};
  LabelSelector selector;
  PodTemplate pod;
};

const manifest::Table& fields(Tag<Service>);
const manifest::Table& fields(Tag<Workload>);

void read_namespace(const manifest::Resource&, mesh::Model&, Diagnostics&);
void read_service_account(const manifest::Resource&, mesh::Model&, Diagnostics&);
void read_service(const manifest::Resource&, mesh::Model&, Diagnostics&);
void read_workload(const manifest::Resource&, mesh::Model&, Diagnostics&);

}  // namespace marty::dialect::kubernetes
