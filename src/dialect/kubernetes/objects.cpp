#include "dialect/kubernetes/objects.hpp"

#include <fmt/format.h>

#include "dialect/names.hpp"

namespace marty::dialect::kubernetes {

using namespace manifest;

namespace {
constexpr Unknown kPart = Unknown::kTolerated;

void check_workload(const Workload& workload, const Node& node, Reader& reader) {
  static const mesh::Labels kNone;
  if (selects(workload.selector, workload.pod.metadata ? workload.pod.metadata->labels : kNone)) return;
  const Node* selector = node.find("selector");
  reader.error("selector-mismatch", selector ? selector->range() : node.range(),
               "the selector does not match the labels of the pod template; the API server refuses this");
}

/// The number of a port given by number or by the name one of the containers uses; 0 when there is none of
/// that name.
std::uint16_t port_of(const IntOrString& port, const PodSpec& pod) {
  if (port.text.empty()) return static_cast<std::uint16_t>(port.number);
  for (const auto& container : pod.containers) {
    for (const auto& candidate : container.ports) {
      if (*candidate.name == port.text) return static_cast<std::uint16_t>(*candidate.container_port);
    }
  }
  return 0;
}

}  // namespace

const Table& fields(Tag<ServicePort>) {
  using P = ServicePort;
  static const Fields<P> table{"ServicePort",
                               {field("name", &P::name), field("port", &P::port, kRequired, kPort),
                                field("targetPort", &P::target_port, kPort), field("protocol", &P::protocol),
                                ignored("appProtocol"), ignored("nodePort")}};
  return table;
}
const Table& fields(Tag<Service>) {
  static const Fields<Service> table{
      "Service.spec", {field("selector", &Service::selector), field("ports", &Service::ports)}, kPart};
  return table;
}
const Table& fields(Tag<ContainerPort>) {
  using P = ContainerPort;
  static const Fields<P> table{
      "ContainerPort",
      {field("name", &P::name), field("containerPort", &P::container_port, kRequired, kPort)},
      kPart};
  return table;
}
const Table& fields(Tag<HttpGet>) {
  static const Fields<HttpGet> table{
      "httpGet", {field("path", &HttpGet::path), field("port", &HttpGet::port, kPort)}, kPart};
  return table;
}
const Table& fields(Tag<Probe>) {
  static const Fields<Probe> table{"Probe", {field("httpGet", &Probe::http_get)}, kPart};
  return table;
}
const Table& fields(Tag<Container>) {
  using C = Container;
  static const Fields<C> table{
      "Container",
      {field("name", &C::name), field("ports", &C::ports), field("readinessProbe", &C::readiness),
       field("livenessProbe", &C::liveness), field("startupProbe", &C::startup)},
      kPart};
  return table;
}
const Table& fields(Tag<PodSpec>) {
  using P = PodSpec;
  static const Fields<P> table{
      "PodSpec",
      {field("serviceAccountName", &P::service_account), field("containers", &P::containers)},
      kPart};
  return table;
}
const Table& fields(Tag<PodTemplate>) {
  static const Fields<PodTemplate> table{
      "PodTemplate", {field("metadata", &PodTemplate::metadata), field("spec", &PodTemplate::spec)}, kPart};
  return table;
}
const Table& fields(Tag<Workload>) {
  using W = Workload;
  static const Fields<W> table{"Deployment.spec",
                               {field("replicas", &W::replicas, at_least(0)), field("selector", &W::selector),
                                field("template", &W::pod, kRequired)},
                               kPart,
                               check_workload};
  return table;
}

void read_namespace(const Resource& resource, mesh::Model& model, Diagnostics& found) {
  Metadata metadata;
  if (const Node* node = resource.root.find("metadata")) decode(*node, metadata, resource.ref(), found);
  model.namespaces.push_back({*resource.name, metadata.labels, resource.name.origin});
}

void read_service_account(const Resource& resource, mesh::Model& model, Diagnostics&) {
  model.service_accounts.push_back({*resource.ns + "/" + *resource.name, resource.name.origin});
}

void read_service(const Resource& resource, mesh::Model& model, Diagnostics& found) {
  Manifest<Service> wire;
  decode(resource.root, wire, resource.ref(), found);
  mesh::Service service{
      *resource.ns, *resource.name, std::move(wire.spec.selector), {}, resource.name.origin};
  for (const auto& port : wire.spec.ports) {
    const auto number = static_cast<std::uint16_t>(*port.port);
    mesh::ServicePort out{*port.name, number, number};
    if (port.target_port && port.target_port->text.empty())
      out.target_port = static_cast<std::uint16_t>(port.target_port->number);
    if (port.target_port && !port.target_port->text.empty())
      out.target_port = 0;  // by name: resolved when pods are known
    service.ports.push_back(std::move(out));
  }
  model.services.push_back(std::move(service));
}

void read_workload(const Resource& resource, mesh::Model& model, Diagnostics& found) {
  Manifest<Workload> wire;
  decode(resource.root, wire, resource.ref(), found);
  mesh::Workload workload;
  workload.ns = *resource.ns;
  workload.name = *resource.name;
  workload.origin = resource.name.origin;
  workload.replicas = *wire.spec.replicas;
  const PodSpec& pod = wire.spec.pod.spec;
  workload.service_account = *pod.service_account;
  if (wire.spec.pod.metadata) workload.labels = std::move(wire.spec.pod.metadata->labels);
  for (const auto& container : pod.containers) {
    for (const auto& port : container.ports) {
      const auto number = static_cast<std::uint16_t>(*port.container_port);
      workload.ports.push_back(number);
      if (!port.name->empty()) workload.named_ports[*port.name].push_back(number);
    }
    for (const auto* probe : {&container.readiness, &container.liveness, &container.startup}) {
      if (!*probe || !(*probe)->http_get || !(*probe)->http_get->port) continue;
      const HttpGet& get = *(*probe)->http_get;
      workload.probes.emplace_back(port_of(*get.port, pod), get.path->substr(0, get.path->find('?')));
    }
    if (!container.readiness || !container.readiness->http_get || !workload.readiness_path.empty()) continue;
    const HttpGet& get = *container.readiness->http_get;
    workload.readiness_path = get.path->empty() ? "/" : *get.path;
    if (get.port) workload.readiness_port = port_of(*get.port, pod);
  }
  model.workloads.push_back(std::move(workload));
}

}  // namespace marty::dialect::kubernetes
