#pragma once

#include <string>
#include <vector>

#include "rules/estate.hpp"

namespace marty::rules {

/// Where one Service differs from another of the same name.
struct Apart {
  const Node* here;  ///< never nullptr
  std::string path;
  const Node* there;  ///< nullptr: it has nothing like it
  std::string text;   ///< "port 80 is tcp here, http there", with the names of the sides
  bool own_affair;    ///< which pods answer, at which of their ports: each place may decide that for itself
};
std::vector<Apart> apart(const Resource& here, const std::string& here_name, const Resource& there,
                         const std::string& there_name);

}  // namespace marty::rules
