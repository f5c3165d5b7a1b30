#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cluster/kubectl.hpp"

/// Everything in a cluster that `validate` can judge, as text, so that findings can show it.
namespace marty::cluster {

/// The objects of one kind, as kubectl writes them in YAML.
struct Listing {
  std::string resource;  ///< as kubectl takes it: "virtualservices.networking.istio.io"
  std::string text;
};
struct EstateText {
  std::vector<Listing> listings;
  std::vector<Error> hidden;  ///< kinds that may not be read, with why
};

/// One call per kind the cluster serves and we have rules for; Secrets are never asked for. `ns` empty: of
/// all namespaces. An Error when there is no cluster to read, or nothing of it may be read.
Result<EstateText> read_estate(Kubectl&, const std::string& ns,
                               const std::function<void(const std::string&)>& busy);

}  // namespace marty::cluster
