#pragma once

#include <span>
#include <string>
#include <vector>

#include "dialect/generate.hpp"
#include "multicluster/cluster_set.hpp"

namespace marty::multicluster {

/// A service of the set, as its own policy file has it.
struct SharedService {
  std::string name;      ///< "petstore-domain"
  std::string ns, host;  ///< of its Service: "petstore-domain", "petstore-domain-service"
  /// From a folder three levels below the output directory (istio/west/petstore-domain) to the folder that
  /// holds its overlays.
  std::string overlays;
  bool ejects = false;  ///< it has outliers, without which no mesh notices that a region fails
  ClusterSet::Service::Linkerd linkerd = ClusterSet::Service::Linkerd::kMirrored;
};

/// istio/… and linkerd/…: a folder for each cluster with what its control plane, gateway and peers need, an
/// overlay for each service, a script that makes the certificates, and the commands in order. No secret is in
/// any of them. `source` is how clusters.yaml is called in comments. Same input, same bytes.
std::vector<dialect::GeneratedFile> generate(const ClusterSet&, std::span<const SharedService>,
                                             const std::string& source);

/// What is asked for and cannot be had like this: failover of a service without outlier detection, a Linkerd
/// gateway whose address is not known yet.
void report(const ClusterSet&, std::span<const SharedService>, Diagnostics&);

}  // namespace marty::multicluster
