#include "cluster/evidence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cluster/record_store.hpp"

namespace marty::cluster {

using rollout::Evidence;

namespace {

/// Interruptions end everything; other trouble hides only what was asked for.
Status keep(Result<std::vector<Resource>> objects, std::vector<Resource>& into, Evidence& evidence) {
  if (objects) {
    std::move(objects->begin(), objects->end(), std::back_inserter(into));
  } else if (objects.error().code == ErrorCode::kInterrupted) {
    return std::move(objects.error());
  } else {
    evidence.hidden.push_back(std::move(objects.error()));
  }
  return ok();
}

Status read_mesh(Kubectl& kubectl, Evidence& evidence, const Served& served) {
  const bool istio = evidence.mesh == "istio";
  MARTY_TRY(keep(listed(kubectl, "reading the control plane",
                        {"deployments", "-n", istio ? "istio-system" : "linkerd", "-l",
                         istio ? "app=istiod" : "linkerd.io/control-plane-component"}),
                 evidence.control_plane, evidence));
  if (!istio || !served.contains({"security.istio.io", "PeerAuthentication"})) return ok();
  std::set<std::string> namespaces{"istio-system", evidence.ns};
  for (const auto& resource : evidence.wanted)
    if (resource.group() == "apps") namespaces.insert(*resource.ns);
  for (const auto& ns : namespaces)
    MARTY_TRY(keep(listed(kubectl, "reading who must use mutual TLS",
                          {"peerauthentications.security.istio.io", "-n", ns}),
                   evidence.authentications, evidence));
  return ok();
}

/// The differences are the server's where it may be asked: then its defaults do not look like drift.
Status compare(Kubectl& kubectl, Evidence& evidence, const std::function<void(const std::string&)>& busy) {
  std::vector<Resource> there;
  for (const auto& resource : evidence.wanted)
    if (evidence.survey.live.contains(rollout::key_of(resource))) there.push_back(resource);
  auto previewed = preview(kubectl, there, evidence.survey, busy);
  if (!previewed) {
    if (previewed.error().code == ErrorCode::kInterrupted) return std::move(previewed.error());
    evidence.not_previewed = std::move(previewed.error().text);
    evidence.survey.preview.clear();
  }
  evidence.plan = rollout::make_plan(evidence.wanted, evidence.survey);
  return ok();
}

}  // namespace

Status gather(Kubectl& kubectl, Evidence& evidence, const std::function<void(const std::string&)>& busy) {
  busy("reading the cluster");
  auto served = served_kinds(kubectl);
  if (!served) return std::move(served.error());
  std::vector<Resource> known;
  for (const auto& resource : evidence.wanted) {
    if (served->contains({std::string(resource.group()), *resource.kind})) {
      known.push_back(resource);
      continue;
    }
    auto kind = fmt::format("{} ({})", *resource.kind, resource.group());
    auto& all = evidence.not_served;
    if (std::find(all.begin(), all.end(), kind) == all.end()) all.push_back(std::move(kind));
  }
  auto live = existing(kubectl, known);
  if (!live) return std::move(live.error());
  evidence.survey.live = std::move(*live);
  evidence.survey.reached = true;
  MARTY_TRY(keep(marked_objects(kubectl, namespaces_of(known), *served, evidence.service),
                 evidence.survey.marked, evidence));
  auto record = read_record(kubectl, evidence.service, evidence.ns);
  if (record) {
    evidence.record = std::move(*record);
  } else if (record.error().code == ErrorCode::kInterrupted) {
    return std::move(record.error());
  } else {
    evidence.hidden.push_back(std::move(record.error()));
  }
  MARTY_TRY(keep(listed(kubectl, "reading the pods", {"pods", "-n", evidence.ns}), evidence.pods, evidence));
  MARTY_TRY(read_mesh(kubectl, evidence, *served));
  return compare(kubectl, evidence, busy);
}

}  // namespace marty::cluster
