#include "manifest/reader.hpp"

#include <string>
#include <vector>

namespace marty::manifest {

std::string Reader::path() const {
  std::vector<const Step*> steps;
  for (const Step* step = last_; step; step = step->before_) steps.push_back(step);
  std::string path = root_path_;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if ((*step)->name_.data() == nullptr) {
      path.append("[").append(std::to_string((*step)->index_)).append("]");
    } else {
      if (!path.empty()) path += '.';
      path += (*step)->name_;
    }
  }
  return path;
}

Diagnostic& Reader::add(Diagnostic finding) {
  if (finding.severity == Severity::kError) ++errors_;
  finding.object = object_;
  finding.field = path();
  if (++findings_ < kFindingsPerObjectMax) return found_.add(std::move(finding));
  if (findings_ == kFindingsPerObjectMax) {
    finding.message += "; further findings in this object are not shown";
    return found_.add(std::move(finding));
  }
  return overflow_.emplace(std::move(finding));
}

Diagnostic& Reader::error(std::string rule, SourceRange where, std::string message) {
  return add({std::move(rule), Severity::kError, where, std::move(message), {}, {}, {}, {}});
}

Diagnostic& Reader::warning(std::string rule, SourceRange where, std::string message) {
  return add({std::move(rule), Severity::kWarning, where, std::move(message), {}, {}, {}, {}});
}

}  // namespace marty::manifest
