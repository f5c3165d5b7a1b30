#include "local/topology.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace marty::local {
namespace {

constexpr std::size_t kPodsMax = 20'000;
constexpr unsigned kPerBlock = 200;  ///< hosts .11 to .210 of each 127.<net>.<block>.0/24

std::string address(unsigned net, unsigned first_block, std::size_t index) {
  return fmt::format("127.{}.{}.{}", net, first_block + index / kPerBlock, 11 + index % kPerBlock);
}

/// The ports a pod answers on: what its template declares and what Services send to it.
std::vector<std::uint16_t> ports_of(const mesh::Workload& workload, const mesh::Model& model) {
  auto ports = workload.ports;
  for (const auto& service : model.services) {
    if (service.ns != workload.ns || service.selector.empty() ||
        !mesh::selects(service.selector, workload.labels))
      continue;
    for (const auto& port : service.ports) ports.push_back(port.target_port);
  }
  std::sort(ports.begin() + static_cast<std::ptrdiff_t>(workload.ports.size()), ports.end());
  std::vector<std::uint16_t> unique;
  for (const auto port : ports) {
    if (port != 0 && std::find(unique.begin(), unique.end(), port) == unique.end()) unique.push_back(port);
  }
  return unique;
}

const LocalWorkload* local_for(const LocalFile& local, const mesh::Workload& workload) {
  for (const auto& [name, entry] : local.workloads) {
    if (*name == workload.name) return &entry;
  }
  return nullptr;
}

void report_strangers(const LocalFile& local, const mesh::Model& model, Diagnostics& found) {
  std::vector<std::string_view> names;
  for (const auto& workload : model.workloads) names.push_back(workload.name);
  for (const auto& [name, entry] : local.workloads) {
    if (std::find(names.begin(), names.end(), *name) != names.end()) continue;
    auto& finding = found.error("unknown-workload", {name.origin, static_cast<std::uint16_t>(name->size())},
                                fmt::format("no Deployment of the manifests is called '{}'", *name));
    if (const auto near = closest(*name, names))
      finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *near)});
  }
}

}  // namespace

Address PodPlan::app(std::uint16_t port) const {
  const bool elsewhere = !instance.app_address.empty() && (ports.empty() || port == ports.front());
  return {elsewhere ? instance.app_address : fmt::format("{}:{}", app_host, port)};
}

std::vector<engine::Instance> Topology::instances() const {
  std::vector<engine::Instance> all;
  for (const auto& pod : pods) all.push_back(pod.instance);
  return all;
}

Topology plan(const mesh::Model& model, const LocalFile* local, unsigned net, Diagnostics& found) {
  Topology topology;
  if (local != nullptr) report_strangers(*local, model, found);
  for (const auto& workload : model.workloads) {
    const LocalWorkload* entry = local != nullptr ? local_for(*local, workload) : nullptr;
    if (local != nullptr && entry == nullptr) {
      found.warning(
          "workload-not-local", {workload.origin, 0},
          fmt::format("Deployment '{}' does not run here: the local file does not name it", workload.name));
      continue;
    }
    const bool external = entry != nullptr && !entry->addresses.empty();
    const std::size_t replicas = external ? entry->addresses.size() : workload.replicas;
    for (std::size_t replica = 0; replica < replicas && topology.pods.size() < kPodsMax; ++replica) {
      PodPlan pod;
      const std::size_t index = topology.pods.size();
      pod.workload = workload;
      pod.local = entry;
      pod.ports = ports_of(workload, model);
      pod.app_host = address(net, 101, index);
      const bool sidecar = (entry == nullptr || *entry->sidecar) && model.meshed(workload);
      pod.instance = {.pod = fmt::format("{}-{}", workload.name, replica),
                      .ns = workload.ns,
                      .workload = workload.name,
                      .ip = address(net, 1, index),
                      .sidecar = sidecar,
                      .app_address = external ? *entry->addresses[replica] : std::string{}};
      // Without a sidecar nobody stands in front of the application: its own address is the pod's.
      if (!sidecar && external)
        pod.instance.ip = pod.instance.app_address.substr(0, pod.instance.app_address.rfind(':'));
      if (!sidecar) pod.app_host = pod.instance.ip;
      topology.pods.push_back(std::move(pod));
    }
  }
  return topology;
}

engine::Self self_of(const PodPlan& pod) {
  const mesh::Workload& workload = pod.workload;
  return {.pod = pod.instance.pod,
          .ns = workload.ns,
          .workload = workload.name,
          .service_account = workload.service_account,
          .app = workload.label("app"),
          .version = workload.label("version"),
          .ip = pod.instance.ip,
          .labels = workload.labels};
}

engine::Self self_of(const std::string& ns, const std::string& service_account, const std::string& name,
                     const std::string& ip) {
  return {.pod = name,
          .ns = ns,
          .workload = name,
          .service_account = service_account,
          .app = name,
          .version = "",
          .ip = ip,
          .labels = {}};
}

}  // namespace marty::local
