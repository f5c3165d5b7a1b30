#pragma once

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/lazy.hpp"
#include "dialect/manifests.hpp"
#include "mesh/model.hpp"
#include "rules/found.hpp"
#include "rules/names.hpp"

namespace marty::rules {

using manifest::Resource;
class Calls;
class Queries;
class Apis;
class Reach;
class Subsets;

/// What the files do not say and a rule may need.
struct Settings {
  std::string istio_version = "1.30", linkerd_version = "2.19";
  std::string upgrade_from;  ///< the release that runs today: "1.22" is Istio's; empty: the one above
  std::string root_namespace = "istio-system";  ///< where Istio's mesh-wide policies live
  std::string trust_domain = "cluster.local";
  std::vector<Node> mesh_configs;  ///< of a running mesh; what the files say comes on top
  std::vector<Node> apis;          ///< OpenAPI documents that were asked for, beside those among the files
  std::string api_service;         ///< "name.namespace": whom they describe when they do not say
};

/// Pods as some controller makes them.
struct Pods {
  const Resource* owner = nullptr;
  const Node* metadata = nullptr;  ///< of the template; nullptr when it has none
  const Node* spec = nullptr;
  mesh::Labels labels;
  std::uint32_t replicas = 1;  ///< as the controller says, kept within what its autoscaler allows
  std::uint32_t scaled = 0;    ///< as many as its autoscaler may make them; 0 without one
  bool in_istio = false, in_linkerd = false;  ///< whether they get a sidecar of that mesh
  std::uint32_t most() const { return std::max(replicas, scaled); }
  std::string_view ns() const { return *owner->ns; }
  std::string_view service_account() const;
  /// An annotation or label of the template; empty when absent.
  std::string_view annotation(std::string_view key) const;
};

/// Everything one model is made of, indexed for rules. Lives as long as the manifests and the model it was
/// made from; read-only, so rules may run in any order, and side by side.
class Estate {
 public:
  Estate(const dialect::Manifests&, const mesh::Model&, const SourceMap&, Settings = {});
  ~Estate();

  const std::vector<Resource>& all() const { return manifests_.resources; }
  using Objects = Listed<const Resource*>;
  using List = Objects::List;
  /// Objects of a kind, in the order of the files: of("VirtualService"), of("HTTPRoute",
  /// "policy.linkerd.io").
  const Objects& of(std::string_view kind) const;
  const Objects& of(std::string_view kind, std::string_view group) const;
  /// Kinds of two groups may share a name (AuthorizationPolicy, Gateway, HTTPRoute): then the group tells.
  const Resource* find(std::string_view kind, std::string_view ns, std::string_view name,
                       std::string_view group = {}) const {
    return by_name_.find(kind, ns, name, group);
  }
  /// The names of a kind's objects in a namespace, to guess which one was meant.
  const std::vector<std::string_view>& names(std::string_view kind, std::string_view ns) const;
  /// The HTTPRoutes attached to a parent, with the place that says so.
  struct Attached {
    const Resource* route;
    const Node* parent_ref;
    std::string path;
  };
  const std::vector<Attached>& attached(std::string_view parent_kind, std::string_view ns,
                                        std::string_view name) const;

  const mesh::Model& model() const { return model_; }
  /// With what the mesh's configuration says, where the files hold it.
  const Settings& settings() const { return settings_; }
  const SourceMap& sources() const { return sources_; }
  /// Every PromQL expression of the files, parsed.
  const Queries& queries() const { return *queries_; }
  /// Which pods say that they call which Services; to be asked by each_call.
  const Calls& calls() const { return *calls_; }
  /// What OpenAPI documents say of the Services here.
  const Apis& apis() const { return *apis_; }
  /// Which calls between the pods here can be completed under Istio.
  const Reach& reach() const;
  /// What the DestinationRules mean by their subsets.
  const Subsets& subsets() const;

  /// Ways through them begin at their spec.
  const Listed<Pods>& pods() const { return pods_; }
  std::vector<const Pods*> selected(std::string_view ns, const mesh::Labels& selector) const;
  /// The same of labels as written; all of them for nullptr.
  std::vector<const Pods*> selected(std::string_view ns, const Node* labels) const;
  /// The first that such a controller makes; nullptr when it is not here.
  const Pods* made_by(std::string_view kind, std::string_view ns, std::string_view name) const;
  /// The Service a host means when said in namespace `ns` as Istio reads hosts; nullptr when it is not here.
  const Resource* service(std::string_view host, std::string_view ns) const;
  const std::vector<const Pods*>& pods_of(const Resource& service) const;
  /// What the model knows of a Service, with the pods' own ports; nullptr when it did not take it.
  const mesh::Service* modelled(const Resource& service) const;
  const mesh::Service* modelled(std::string_view fqdn) const;

  /// Whether the files are the whole truth about a namespace's Services (pods, accounts): they hold at least
  /// one. Otherwise what is missing may well be in the cluster.
  bool has_services(std::string_view ns) const { return service_namespaces_.contains(ns); }
  bool has_pods(std::string_view ns) const { return pod_namespaces_.contains(ns); }
  /// Every namespace that an object is in, or that is an object itself; sorted.
  const std::set<std::string_view>& namespaces() const { return namespaces_; }

  /// Whether pods of a template (or, with nullptr, of a namespace) get a sidecar of that mesh. istio.md 7,
  /// linkerd.md 2.1: namespace label or annotation, overruled by the pod's.
  bool istio_injected(std::string_view ns, const Pods* pods = nullptr) const;
  bool linkerd_injected(std::string_view ns, const Pods* pods = nullptr) const;

 private:
  void read_mesh_configs();
  void index_kinds();
  void index_pods(const Resource&);
  void index_labels();
  void index_sidecars();
  void apply_autoscalers();
  void index_parents(const Resource& route);

  /// Three texts that live as long as the manifests: of an object its kind, namespace and name.
  struct Triple {
    std::string_view first, second, third;
    friend bool operator==(const Triple&, const Triple&) = default;
  };
  struct Hash {
    std::size_t operator()(const Triple&) const;
  };
  template <class Value>
  using ByTriple = std::unordered_map<Triple, Value, Hash>;
  using NameLists = ByTriple<std::vector<std::string_view>>;
  struct Kind {
    Objects all;
    std::unordered_map<std::string_view, Objects> by_group;  // when there are several
  };

  const dialect::Manifests& manifests_;
  const mesh::Model& model_;
  const SourceMap& sources_;
  Settings settings_;
  std::unordered_map<std::string_view, Kind> by_kind_;
  Names by_name_;
  Lazy<NameLists> names_;                     // by kind and namespace
  ByTriple<std::vector<Attached>> attached_;  // by the parent
  Listed<Pods> pods_;
  using PodList = std::vector<const Pods*>;
  std::unordered_map<std::string_view, PodList> pods_by_namespace_;
  ByTriple<PodList> pods_by_label_;  // namespace, key, value
  ByTriple<Pods*> pods_by_owner_;    // kind, namespace, name; of twins the first
  std::unordered_map<const Resource*, PodList> pods_of_;
  ByTriple<const mesh::Service*> modelled_;  // by namespace and name
  std::unordered_set<std::string_view> service_namespaces_, pod_namespaces_;
  std::set<std::string_view> namespaces_;
  std::unique_ptr<const Queries> queries_;
  std::unique_ptr<const Calls> calls_;
  std::unique_ptr<const Apis> apis_;
  Lazy<Reach> reach_;
  Lazy<Subsets> subsets_;
};

/// The labels (or annotations) written at a node: scalars only.
mesh::Labels labels_at(const Node*);

}  // namespace marty::rules
