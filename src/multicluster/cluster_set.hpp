#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"

/// clusters.yaml: the clusters that form one mesh, in no mesh's dialect (apiVersion marty.dev/v1, kind
/// ClusterSet).
namespace marty::multicluster {

struct ClusterSet {
  Sourced<std::string> name;  ///< the mesh's, and of what is made for it
  Sourced<std::string> trust_domain{"cluster.local"};

  struct Cluster {
    Sourced<std::string> name;
    Sourced<std::string> context;          ///< kubectl's; empty: the name
    Sourced<std::string> network;          ///< clusters of one network reach each other's pods
    Sourced<std::string> region;           ///< as its nodes' label topology.kubernetes.io/region says
    Sourced<std::string> failover_to;      ///< a cluster of another region; empty: any
    Sourced<std::string> linkerd_gateway;  ///< address of its Linkerd gateway; empty: not known yet
    Origin origin;
    const std::string& kubectl_context() const { return context->empty() ? *name : *context; }
  };
  std::vector<Cluster> clusters;  ///< at least two

  struct Service {
    enum class Linkerd {
      kMirrored,   ///< each cluster gets <service>-<other cluster> beside its own
      kFederated,  ///< each cluster gets <service>-federated over all clusters
    };
    Sourced<std::string> name;  ///< of its plugin folder, as for --service
    Sourced<Linkerd> linkerd{Linkerd::kMirrored};
    Origin origin;
  };
  std::vector<Service> services;

  const Cluster* cluster(std::string_view name) const;
  bool one_network() const;
};

/// Nothing when a finding is an error.
std::optional<ClusterSet> read_cluster_set(std::string_view text, std::uint16_t file, Diagnostics&);

}  // namespace marty::multicluster
