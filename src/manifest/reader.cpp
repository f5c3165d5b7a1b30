#include "manifest/reader.hpp"

#include <charconv>

namespace marty::manifest {

Reader::Step::Step(Reader& reader, std::string_view name) : reader_(reader), before_(reader.path_.size()) {
  if (before_ > 0) reader.path_ += '.';
  reader.path_ += name;
}

Reader::Step::Step(Reader& reader, std::size_t index) : reader_(reader), before_(reader.path_.size()) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, index).ptr;
  reader.path_.append("[").append(digits, end).append("]");
}

Diagnostic& Reader::add(Diagnostic finding) {
  if (finding.severity == Severity::kError) ++errors_;
  finding.object = object_;
  finding.field = path_;
  if (++findings_ < kFindingsPerObjectMax) return found_.add(std::move(finding));
  if (findings_ == kFindingsPerObjectMax) {
    finding.message += "; further findings in this object are not shown";
    return found_.add(std::move(finding));
  }
  overflow_ = std::move(finding);
  return overflow_;
}

Diagnostic& Reader::error(std::string rule, SourceRange where, std::string message) {
  return add({std::move(rule), Severity::kError, where, std::move(message), {}, {}, {}, {}});
}

Diagnostic& Reader::warning(std::string rule, SourceRange where, std::string message) {
  return add({std::move(rule), Severity::kWarning, where, std::move(message), {}, {}, {}, {}});
}

}  // namespace marty::manifest
