#pragma once

#include <string>
#include <string_view>

#include "core/diagnostic.hpp"
#include "manifest/node.hpp"

namespace marty::manifest {

class Table;

/// Findings per object beyond which the rest is only counted: no input may make us say more than its size.
constexpr std::size_t kFindingsPerObjectMax = 100;

/// What decoding one object needs to know: where findings go, which object and which field path they are
/// about.
class Reader {
 public:
  Reader(Diagnostics& found, ObjectRef object, const Table* root = nullptr, std::string path = {})
      : found_(found), object_(std::move(object)), root_(root), path_(std::move(path)) {}

  /// Adds a finding about the current field, with object and path filled in.
  Diagnostic& error(std::string rule, SourceRange where, std::string message);
  Diagnostic& warning(std::string rule, SourceRange where, std::string message);

  /// Extends the path while it lives: ".route", "[1]".
  class Step {
   public:
    Step(Reader& reader, std::string_view name);
    Step(Reader& reader, std::size_t index);
    ~Step() { reader_.path_.resize(before_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Reader& reader_;
    std::size_t before_;
  };

  const std::string& path() const { return path_; }
  const Table* root() const { return root_; }
  std::size_t errors() const { return errors_; }

 private:
  Diagnostic& add(Diagnostic finding);

  Diagnostics& found_;
  ObjectRef object_;
  const Table* root_;
  std::string path_;
  std::size_t errors_ = 0, findings_ = 0;
  Diagnostic overflow_;  // written to when the limit is reached, then forgotten
};

}  // namespace marty::manifest
