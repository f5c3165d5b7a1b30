#include "rules/estate.hpp"

#include <algorithm>
#include <array>

#include "core/text_hash.hpp"
#include "dialect/names.hpp"
#include "rules/apis.hpp"
#include "rules/calls.hpp"
#include "rules/mesh_config.hpp"
#include "rules/queries.hpp"
#include "rules/reach.hpp"
#include "rules/scale.hpp"
#include "rules/subsets.hpp"

namespace marty::rules {

namespace {

/// Where each kind of controller keeps the pods it makes.
struct Template {
  std::string_view kind;
  Way way;
};
constexpr std::array<Template, 7> kTemplates{{{"Deployment", "spec.template"},
                                              {"StatefulSet", "spec.template"},
                                              {"DaemonSet", "spec.template"},
                                              {"ReplicaSet", "spec.template"},
                                              {"Job", "spec.template"},
                                              {"CronJob", "spec.jobTemplate.spec.template"},
                                              {"Pod", ""}}};

std::string_view value_of(const Node* mapping, std::string_view key) {
  return mapping == nullptr ? std::string_view{} : text_of(mapping->find(key));
}

bool has_labels(const Node& node) {
  for (std::size_t i = 0; node.is_mapping() && i < node.size(); ++i)
    if (node.entry(i).value.is_scalar()) return true;
  return false;
}

bool puts_linkerd_in(std::string_view said) { return said == "enabled" || said == "ingress"; }

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

std::string_view Pods::service_account() const {
  const auto name = text(*spec, "serviceAccountName");
  return name.empty() ? "default" : name;
}

std::string_view Pods::annotation(std::string_view key) const {
  return metadata == nullptr ? std::string_view{} : value_of(metadata->find("annotations"), key);
}

Estate::Estate(const dialect::Manifests& manifests, const mesh::Model& model, const SourceMap& sources,
               Settings settings)
    : manifests_(manifests),
      model_(model),
      sources_(sources),
      settings_(std::move(settings)),
      by_name_(manifests.resources) {
  read_mesh_configs();
  index_kinds();
  std::string_view last_space;  // objects of one namespace stand together as a rule
  for (const auto& resource : manifests.resources) {
    const auto& space = *resource.kind == "Namespace" ? *resource.name : *resource.ns;
    if (!space.empty() && (namespaces_.empty() || space != last_space))
      namespaces_.insert(last_space = space);
    if (*resource.kind == "HTTPRoute") index_parents(resource);
    if (*resource.kind == "Service") service_namespaces_.insert(*resource.ns);
    index_pods(resource);
  }
  pods_.index([](const Pods& pods) -> const Node& { return *pods.spec; });
  apply_autoscalers();
  index_labels();
  index_sidecars();
  for (const auto& service : model.services)
    modelled_.emplace(Triple{service.ns, service.name, {}}, &service);
  queries_ = std::make_unique<Queries>(*this);
  calls_ = std::make_unique<Calls>(*this);
  apis_ = std::make_unique<Apis>(*this, manifests.apis);
}

Estate::~Estate() = default;

std::size_t Estate::Hash::operator()(const Triple& key) const {
  return mix(mix(mix(0, key.first), key.second), key.third);
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

void Estate::index_kinds() {
  for (const auto& resource : all()) by_kind_[*resource.kind].all.list().push_back(&resource);
  const auto root_of = [](const Resource* object) -> const Node& { return object->root; };
  for (auto& [name, kind] : by_kind_) {
    kind.all.index(root_of);
    const auto first = kind.all.front()->group();
    if (std::ranges::all_of(kind.all, [&](const auto* object) { return object->group() == first; })) continue;
    for (const auto* object : kind.all) kind.by_group[object->group()].list().push_back(object);
    for (auto& [group, objects] : kind.by_group) objects.index(root_of);
  }
}

void Estate::index_pods(const Resource& resource) {
  const auto* known = std::find_if(kTemplates.begin(), kTemplates.end(),
                                   [&](const Template& t) { return t.kind == *resource.kind; });
  if (known == kTemplates.end()) return;
  const Node* of = get(resource.root, known->way);
  const Node* spec = of == nullptr ? nullptr : of->find("spec");
  if (spec == nullptr || !spec->is_mapping()) return;
  Pods pods{&resource, of->find("metadata"), spec, {}, 1};
  if (pods.metadata != nullptr) pods.labels = labels_at(pods.metadata->find("labels"));
  if (const auto replicas = number(resource.root, "spec.replicas"); replicas && *replicas >= 0)
    pods.replicas = static_cast<std::uint32_t>(std::min<std::int64_t>(*replicas, UINT32_MAX));
  pod_namespaces_.insert(*resource.ns);
  pods_.list().push_back(std::move(pods));
}

void Estate::index_labels() {
  for (const auto& pods : pods_) {
    pods_by_namespace_[pods.ns()].push_back(&pods);
    for (const auto& [key, value] : pods.labels) pods_by_label_[{pods.ns(), key, value}].push_back(&pods);
  }
  each(of("Service"), "spec.selector", [&](const Resource* service, const Place& selector) {
    if (has_labels(selector.node)) pods_of_.emplace(service, selected(*service->ns, &selector.node));
  });
}

/// A controller with an autoscaler says nothing about its number, or something that is soon not true.
void Estate::apply_autoscalers() {
  std::vector<std::pair<const Pods*, Pods*>> twins;
  for (auto& pods : pods_.list()) {
    const auto [first, fresh] =
        pods_by_owner_.emplace(Triple{*pods.owner->kind, pods.ns(), *pods.owner->name}, &pods);
    if (!fresh) twins.emplace_back(first->second, &pods);
  }
  each_autoscaler(*this, [&](const Scaled& one) {
    const auto known = pods_by_owner_.find({one.kind, one.ns, one.name});
    if (known == pods_by_owner_.end()) return;
    auto& pods = *known->second;
    pods.replicas = std::min(std::max(pods.replicas, one.least), std::max(one.least, one.most));
    pods.scaled = one.most;
  });
  for (const auto& [first, twin] : twins) twin->scaled = first->scaled;
}

const Pods* Estate::made_by(std::string_view kind, std::string_view ns, std::string_view name) const {
  const auto known = pods_by_owner_.find({kind, ns, name});
  return known == pods_by_owner_.end() ? nullptr : known->second;
}

const Estate::Objects& Estate::of(std::string_view kind) const {
  static const Objects none;
  const auto known = by_kind_.find(kind);
  return known == by_kind_.end() ? none : known->second.all;
}

const Estate::Objects& Estate::of(std::string_view kind, std::string_view group) const {
  static const Objects none;
  const auto known = by_kind_.find(kind);
  if (known == by_kind_.end()) return none;
  const auto& [all, by_group] = known->second;
  if (by_group.empty()) return all.front()->group() == group ? all : none;
  const auto of_group = by_group.find(group);
  return of_group == by_group.end() ? none : of_group->second;
}

const std::vector<std::string_view>& Estate::names(std::string_view kind, std::string_view ns) const {
  static const std::vector<std::string_view> none;
  const auto& names = names_.get([&] {
    auto out = std::make_unique<NameLists>();
    for (const auto& resource : all()) (*out)[{*resource.kind, *resource.ns, {}}].push_back(*resource.name);
    return out;
  });
  const auto known = names.find({kind, ns, {}});
  return known == names.end() ? none : known->second;
}

const Reach& Estate::reach() const {
  return reach_.get([&] { return std::make_unique<const Reach>(*this); });
}

const Subsets& Estate::subsets() const {
  return subsets_.get([&] { return std::make_unique<const Subsets>(*this); });
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

std::vector<const Pods*> Estate::selected(std::string_view ns, const Node* labels) const {
  const bool one = is_mapping(labels) && labels->size() == 1 && labels->entry(0).value.is_scalar();
  if (!one) return selected(ns, labels_at(labels));
  const auto [key, value] = labels->entry(0);
  const auto labelled = pods_by_label_.find({ns, key.text, value.text});
  return labelled == pods_by_label_.end() ? PodList() : labelled->second;
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

void Estate::index_sidecars() {
  std::unordered_map<std::string_view, std::pair<bool, bool>> spaces;
  for (auto& pods : pods_.list()) {
    const auto [space, fresh] = spaces.try_emplace(pods.ns());
    if (fresh) space->second = {istio_injected(pods.ns()), linkerd_injected(pods.ns())};
    const auto* labels = pods.metadata == nullptr ? nullptr : pods.metadata->find("labels");
    auto istio = value_of(labels, "sidecar.istio.io/inject");
    if (istio.empty()) istio = pods.annotation("sidecar.istio.io/inject");
    pods.in_istio = istio.empty() ? space->second.first : istio == "true";
    const auto linkerd = pods.annotation("linkerd.io/inject");
    pods.in_linkerd = linkerd.empty() ? space->second.second : puts_linkerd_in(linkerd);
  }
}

bool Estate::istio_injected(std::string_view ns, const Pods* pods) const {
  if (pods != nullptr) return pods->in_istio;
  const Resource* space = find("Namespace", "", ns);
  const Node* labels = space == nullptr ? nullptr : get(space->root, "metadata.labels");
  const auto injection = value_of(labels, "istio-injection");
  return injection.empty() ? !value_of(labels, "istio.io/rev").empty() : injection == "enabled";
}

bool Estate::linkerd_injected(std::string_view ns, const Pods* pods) const {
  if (pods != nullptr) return pods->in_linkerd;
  const Resource* space = find("Namespace", "", ns);
  return space != nullptr &&
         puts_linkerd_in(value_of(get(space->root, "metadata.annotations"), "linkerd.io/inject"));
}

}  // namespace marty::rules
