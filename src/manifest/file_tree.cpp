#include "manifest/file_tree.hpp"

namespace marty::manifest {

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string join_path(const std::string& directory, std::string_view relative) {
  const std::string text =
      relative.starts_with('/') ? std::string(relative) : directory + "/" + std::string(relative);
  const bool absolute = text.starts_with('/');
  std::vector<std::string> steps;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('/', at), text.size());
    const std::string step = text.substr(at, end - at);
    at = end + 1;
    if (step.empty() || step == ".") continue;
    if (step != "..") {
      steps.push_back(step);
    } else if (!steps.empty() && steps.back() != "..") {
      steps.pop_back();
    } else if (!absolute) {
      steps.push_back(step);
    }
  }
  std::string out = absolute ? "/" : "";
  for (std::size_t i = 0; i < steps.size(); ++i) out += (i ? "/" : "") + steps[i];
  return out.empty() ? "." : out;
}

}  // namespace marty::manifest
