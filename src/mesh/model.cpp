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

const Service* Model::service(std::string_view fqdn) const {
  const auto found =
      std::find_if(services.begin(), services.end(), [&](const Service& s) { return s.fqdn() == fqdn; });
  return found == services.end() ? nullptr : &*found;
}

}  // namespace marty::mesh
