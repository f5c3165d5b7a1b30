#pragma once

#include <functional>

#include "multicluster/generate.hpp"

/// What the two meshes' files are written from.
namespace marty::multicluster {

using Cluster = ClusterSet::Cluster;

struct Draft {
  const ClusterSet& set;
  std::span<const SharedService> services;
  const std::string& source;  ///< how clusters.yaml is called
  std::string heading;        ///< the comment each file begins with
};

/// `text(cluster)` of each, in order, one after the other.
std::string each(const ClusterSet&, const std::function<std::string(const Cluster&)>& text);
/// The same for each other cluster than `own`.
std::string each_peer(const ClusterSet&, const Cluster& own,
                      const std::function<std::string(const Cluster&)>& text);
/// "west east", for a script.
std::string names(const ClusterSet&);

/// Whether a Link to the peer can be written: over networks its gateway's address must be known.
bool has_link(const ClusterSet&, const Cluster& own, const Cluster& peer);

void generate_istio(const Draft&, std::vector<dialect::GeneratedFile>&);
void generate_linkerd(const Draft&, std::vector<dialect::GeneratedFile>&);

// The scripts and guides are long texts, so they have files of their own.
std::string istio_trust_script(const Draft&);
std::string istio_guide(const Draft&);
std::string linkerd_trust_script(const Draft&);
std::string linkerd_guide(const Draft&);

}  // namespace marty::multicluster
