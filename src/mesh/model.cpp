#include "mesh/model.hpp"

#include <algorithm>

namespace marty::mesh {

bool selects(const Labels& selector, const Labels& labels) {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

std::string Workload::label(const std::string& key) const {
  const auto found = labels.find(key);
  return found == labels.end() ? std::string() : found->second;
}

bool Classes::failed(int status) const {
  const auto found = std::find_if(classes.begin(), classes.end(),
                                  [&](const Class& c) { return status >= c.from && status <= c.to; });
  return found == classes.end() ? status >= 500 : found->failure;
}

bool Model::meshed(const Workload& workload) const {
  if (mesh_kind == MeshKind::kIstio) return true;
  if (workload.injected) return *workload.injected;
  const auto home = std::find_if(namespaces.begin(), namespaces.end(),
                                 [&](const NamespaceInfo& ns) { return ns.name == workload.ns; });
  return home != namespaces.end() && home->injected.value_or(false);
}

const Service* Model::service(std::string_view fqdn) const {
  constexpr std::string_view kDomain = ".svc.cluster.local";
  if (!fqdn.ends_with(kDomain)) return nullptr;
  fqdn.remove_suffix(kDomain.size());
  const auto dot = fqdn.rfind('.');
  if (dot == fqdn.npos) return nullptr;
  const auto found = std::find_if(services.begin(), services.end(), [&](const Service& s) {
    return s.name == fqdn.substr(0, dot) && s.ns == fqdn.substr(dot + 1);
  });
  return found == services.end() ? nullptr : &*found;
}

namespace {

bool covers(std::string_view pattern, std::string_view name) {
  return pattern.starts_with('*') ? name.ends_with(pattern.substr(1)) : pattern == name;
}

}  // namespace

bool SidecarScope::knows(const Service& service) const {
  const std::string fqdn = service.fqdn();
  return egress.empty() || std::any_of(egress.begin(), egress.end(), [&](const auto& entry) {
           const std::string_view text = *entry;
           const auto slash = text.find('/');
           const auto wanted = text.substr(0, slash);
           return covers(wanted == "." ? std::string_view(ns) : wanted, service.ns) &&
                  covers(text.substr(slash + 1), fqdn);
         });
}

const SidecarScope* Model::sidecar(std::string_view ns, const Labels& labels,
                                   std::string_view root_ns) const {
  const SidecarScope *of_namespace = nullptr, *of_root = nullptr;
  for (const auto& scope : sidecars) {
    if (scope.ns == ns && !scope.selector.empty() && selects(scope.selector, labels)) return &scope;
    if (!scope.selector.empty()) continue;
    if (scope.ns == ns && !of_namespace) of_namespace = &scope;
    if (scope.ns == root_ns && !of_root) of_root = &scope;
  }
  return of_namespace ? of_namespace : of_root;
}

}  // namespace marty::mesh
