#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "cluster/kubectl.hpp"
#include "rollout/plan.hpp"

/// Reading a cluster, and asking its server what an apply would do. Nothing here changes anything.
namespace marty::cluster {

using manifest::Resource;
using rollout::Key;

/// Which cluster kubectl would use.
struct Target {
  std::string context, server, ns;  ///< ns: the context's own, "default" when it has none
};
Result<Target> target(Kubectl&);

/// The kinds a cluster serves: (group, kind) → the resource's name as kubectl takes it.
using Served = std::map<std::pair<std::string, std::string>, std::string>;
Result<Served> served_kinds(Kubectl&);
/// An Error that names each wanted kind that is not served, and how to install it.
Status all_served(std::span<const Resource> wanted, const Served&);

/// Those of the objects that exist.
Result<std::map<Key, Resource>> existing(Kubectl&, std::span<const Resource> objects);
/// All objects that `kubectl get WORDS… -o json` lists.
Result<std::vector<Resource>> listed(Kubectl&, std::string_view doing, std::vector<std::string> words);

/// Fills in `preview` and `conflicts`: a server-side apply as a trial. `busy` hears of each object when they
/// must be tried one by one, because one of them is refused and kubectl does not say which.
Status preview(Kubectl&, std::span<const Resource> objects, rollout::Survey&,
               const std::function<void(const std::string&)>& busy);

std::set<std::string> namespaces_of(std::span<const Resource>);
/// Everything in these namespaces that carries our labels for the service.
Result<std::vector<Resource>> marked_objects(Kubectl&, const std::set<std::string>& namespaces, const Served&,
                                             const std::string& service);
/// Those whose namespace exists, or at least is not about to be made: only they can be previewed.
std::vector<Resource> can_be_tried(std::span<const Resource> wanted, const rollout::Survey&);

/// Documents for `kubectl … -f -`.
std::string documents(std::span<const Resource* const>);

}  // namespace marty::cluster
