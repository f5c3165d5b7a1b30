#include "rules/estate.hpp"

#include <algorithm>
#include <array>

#include "dialect/names.hpp"
#include "rules/apis.hpp"
#include "rules/calls.hpp"
#include "rules/mesh_config.hpp"
#include "rules/queries.hpp"
#include "rules/scale.hpp"

namespace marty::rules {

namespace {

/// Where each kind of controller keeps the pods it makes.
struct Template {
  std::string_view kind, path;
};
constexpr std::array<Template, 7> kTemplates{{{"Deployment", "spec.template"},
                                              {"StatefulSet", "spec.template"},
                                              {"DaemonSet", "spec.template"},
                                              {"ReplicaSet", "spec.template"},
                                              {"Job", "spec.template"},
                                              {"CronJob", "spec.jobTemplate.spec.template"},
                                              {"Pod", ""}}};

std::string_view value_of(const Node* mapping, std::string_view key) {
  const Node* value = mapping == nullptr ? nullptr : mapping->find(key);
  return value != nullptr && value->is_scalar() ? std::string_view(value->text) : std::string_view{};
}

}  // namespace

mesh::Labels labels_at(const Node* node) {
  mesh::Labels out;
  if (node == nullptr || !node->is_mapping()) return out;
  for (std::size_t i = 0; i < node->size(); ++i) {
    const auto [key, value] = node->entry(i);
    if (value.is_scalar()) out[key.text] = value.text;
  }
  return out;
}

std::string Pods::service_account() const {
  const auto name = text(*spec, "serviceAccountName");
  return std::string(name.empty() ? "default" : name);
}

std::string_view Pods::annotation(std::string_view key) const {
  return metadata == nullptr ? std::string_view{} : value_of(metadata->find("annotations"), key);
}

Estate::Estate(const dialect::Manifests& manifests, const mesh::Model& model, const SourceMap& sources,
               Settings settings)
    : manifests_(manifests), model_(model), sources_(sources), settings_(std::move(settings)) {
  read_mesh_configs();
  std::string_view last_space;  // objects of one namespace stand together as a rule
  for (const auto& resource : manifests.resources) {
    by_kind_[*resource.kind].push_back(&resource);
    by_group_[{*resource.kind, resource.group(), {}}].push_back(&resource);
    by_name_[{*resource.kind, *resource.ns, *resource.name}].push_back(&resource);
    names_[{*resource.kind, *resource.ns, {}}].push_back(*resource.name);
    const auto& space = *resource.kind == "Namespace" ? *resource.name : *resource.ns;
    if (!space.empty() && (namespaces_.empty() || space != last_space))
      namespaces_.insert(last_space = space);
    if (*resource.kind == "HTTPRoute") index_parents(resource);
    if (*resource.kind == "Service") service_namespaces_.insert(*resource.ns);
    index_pods(resource);
  }
  apply_autoscalers();
  index_labels();
  for (const auto& service : model.services)
    modelled_.emplace(Triple{service.ns, service.name, {}}, &service);
  queries_ = std::make_unique<Queries>(*this);
  calls_ = std::make_unique<Calls>(*this);
  apis_ = std::make_unique<Apis>(*this, manifests.apis);
}

Estate::~Estate() = default;

std::size_t Estate::Hash::operator()(const Triple& key) const {
  constexpr std::size_t kSpread = 0x9e3779b97f4a7c15;
  const std::hash<std::string_view> hash;
  return (hash(key.first) * kSpread + hash(key.second)) * kSpread + hash(key.third);
}

void Estate::read_mesh_configs() {
  auto& all = settings_.mesh_configs;
  auto written = mesh_configs(manifests_);
  std::move(written.begin(), written.end(), std::back_inserter(all));
  for (const auto& config : all) {
    if (const auto name = text(config, "rootNamespace"); !name.empty()) settings_.root_namespace = name;
    if (const auto name = text(config, "trustDomain"); !name.empty()) settings_.trust_domain = name;
  }
}

void Estate::index_pods(const Resource& resource) {
  const auto* known = std::find_if(kTemplates.begin(), kTemplates.end(),
                                   [&](const Template& t) { return t.kind == *resource.kind; });
  if (known == kTemplates.end()) return;
  const Node* of = get(resource.root, known->path);
  const Node* spec = of == nullptr ? nullptr : of->find("spec");
  if (spec == nullptr || !spec->is_mapping()) return;
  Pods pods{&resource, of->find("metadata"), spec, {}, 1};
  if (pods.metadata != nullptr) pods.labels = labels_at(pods.metadata->find("labels"));
  if (const auto replicas = number(resource.root, "spec.replicas"); replicas && *replicas >= 0)
    pods.replicas = static_cast<std::uint32_t>(std::min<std::int64_t>(*replicas, UINT32_MAX));
  pod_namespaces_.insert(*resource.ns);
  pods_.push_back(std::move(pods));
}

void Estate::index_labels() {
  for (const auto& pods : pods_) {
    pods_by_namespace_[pods.ns()].push_back(&pods);
    for (const auto& [key, value] : pods.labels) pods_by_label_[{pods.ns(), key, value}].push_back(&pods);
  }
  for (const auto* service : of("Service")) {
    const auto selector = labels_at(get(service->root, "spec.selector"));
    if (!selector.empty()) pods_of_.emplace(service, selected(*service->ns, selector));
  }
}

/// A controller with an autoscaler says nothing about its number, or something that is soon not true.
void Estate::apply_autoscalers() {
  ByTriple<Pods*> made;
  each_autoscaler(*this, [&](const Scaled& one) {
    if (made.empty())
      for (auto& pods : pods_) made.emplace(Triple{*pods.owner->kind, pods.ns(), *pods.owner->name}, &pods);
    const auto known = made.find({one.kind, one.ns, one.name});
    if (known == made.end()) return;
    auto& replicas = known->second->replicas;
    replicas = static_cast<std::uint32_t>(
        std::min(std::max<std::uint64_t>(replicas, one.least), std::max(one.least, one.most)));
  });
}

const Estate::List& Estate::of(std::string_view kind) const {
  static const List none;
  const auto known = by_kind_.find(kind);
  return known == by_kind_.end() ? none : known->second;
}

const Estate::List& Estate::of(std::string_view kind, std::string_view group) const {
  static const List none;
  const auto known = by_group_.find({kind, group, {}});
  return known == by_group_.end() ? none : known->second;
}

const Resource* Estate::find(std::string_view kind, std::string_view ns, std::string_view name,
                             std::string_view group) const {
  const auto known = by_name_.find({kind, ns, name});
  if (known == by_name_.end()) return nullptr;
  for (const auto* resource : known->second)
    if (group.empty() || resource->group() == group) return resource;
  return nullptr;
}

const std::vector<std::string_view>& Estate::names(std::string_view kind, std::string_view ns) const {
  static const std::vector<std::string_view> none;
  const auto known = names_.find({kind, ns, {}});
  return known == names_.end() ? none : known->second;
}

void Estate::index_parents(const Resource& route) {
  each(route.root, "spec.parentRefs[]", [&](const Place& parent) {
    const auto ns = text(parent.node, "namespace");
    const Triple key{text(parent.node, "kind"), ns.empty() ? std::string_view(*route.ns) : ns,
                     text(parent.node, "name")};
    attached_[key].push_back({&route, &parent.node, parent.path});
  });
}

const std::vector<Estate::Attached>& Estate::attached(std::string_view parent_kind, std::string_view ns,
                                                      std::string_view name) const {
  static const std::vector<Attached> none;
  const auto known = attached_.find({parent_kind, ns, name});
  return known == attached_.end() ? none : known->second;
}

std::vector<const Pods*> Estate::selected(std::string_view ns, const mesh::Labels& selector) const {
  static const PodList none;
  const auto there = pods_by_namespace_.find(ns);
  const auto* candidates = there == pods_by_namespace_.end() ? &none : &there->second;
  for (const auto& [key, value] : selector) {
    const auto labelled = pods_by_label_.find({ns, key, value});
    if (labelled == pods_by_label_.end()) return {};
    if (labelled->second.size() < candidates->size()) candidates = &labelled->second;
  }
  PodList out;
  for (const auto* pods : *candidates)
    if (mesh::selects(selector, pods->labels)) out.push_back(pods);
  return out;
}

const Resource* Estate::service(std::string_view host, std::string_view ns) const {
  if (host.empty()) return nullptr;
  if (host.find('.') == host.npos) return find("Service", ns, host);
  if (!host.ends_with(dialect::kClusterDomain)) return nullptr;
  host.remove_suffix(dialect::kClusterDomain.size());
  const auto dot = host.find('.');
  return dot == host.npos ? nullptr : find("Service", host.substr(dot + 1), host.substr(0, dot));
}

const std::vector<const Pods*>& Estate::pods_of(const Resource& service) const {
  static const PodList none;
  const auto known = pods_of_.find(&service);
  return known == pods_of_.end() ? none : known->second;
}

const mesh::Service* Estate::modelled(const Resource& service) const {
  const auto known = modelled_.find({*service.ns, *service.name, {}});
  return known == modelled_.end() ? nullptr : known->second;
}

const mesh::Service* Estate::modelled(std::string_view fqdn) const {
  const auto* resource = service(fqdn, "");
  return resource == nullptr ? nullptr : modelled(*resource);
}

bool Estate::istio_injected(std::string_view ns, const Pods* pods) const {
  if (pods != nullptr && pods->metadata != nullptr) {
    auto said = value_of(pods->metadata->find("labels"), "sidecar.istio.io/inject");
    if (said.empty()) said = pods->annotation("sidecar.istio.io/inject");
    if (!said.empty()) return said == "true";
  }
  const Resource* space = find("Namespace", "", ns);
  const Node* labels = space == nullptr ? nullptr : get(space->root, "metadata.labels");
  const auto injection = value_of(labels, "istio-injection");
  return injection.empty() ? !value_of(labels, "istio.io/rev").empty() : injection == "enabled";
}

bool Estate::linkerd_injected(std::string_view ns, const Pods* pods) const {
  const auto means = [](std::string_view said) { return said == "enabled" || said == "ingress"; };
  if (pods != nullptr) {
    const auto said = pods->annotation("linkerd.io/inject");
    if (!said.empty()) return means(said);
  }
  const Resource* space = find("Namespace", "", ns);
  return space != nullptr && means(value_of(get(space->root, "metadata.annotations"), "linkerd.io/inject"));
}

}  // namespace marty::rules
