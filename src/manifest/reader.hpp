#pragma once

#include <optional>
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
      : found_(found), object_(std::move(object)), root_(root), root_path_(std::move(path)) {}

  /// Adds a finding about the current field, with object and path filled in.
  Diagnostic& error(std::string rule, SourceRange where, std::string message);
  Diagnostic& warning(std::string rule, SourceRange where, std::string message);

  /// Extends the path while it lives: ".route", "[1]". The name must live as long.
  class Step {
   public:
    Step(Reader& reader, std::string_view name) : Step(reader, name, 0) {}
    Step(Reader& reader, std::size_t index) : Step(reader, {}, index) {}
    ~Step() { reader_.last_ = before_; }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    friend class Reader;
    Step(Reader& reader, std::string_view name, std::size_t index)
        : reader_(reader), before_(reader.last_), name_(name), index_(index) {
      reader.last_ = this;
    }

    Reader& reader_;
    const Step* before_;
    std::string_view name_;  // of nothing: the item of this index
    std::size_t index_;
  };

  /// Put together only when it is asked for, which a manifest without findings never does.
  std::string path() const;
  const Table* root() const { return root_; }
  std::size_t errors() const { return errors_; }

 private:
  Diagnostic& add(Diagnostic finding);

  Diagnostics& found_;
  ObjectRef object_;
  const Table* root_;
  std::string root_path_;
  const Step* last_ = nullptr;
  std::size_t errors_ = 0, findings_ = 0;
  std::optional<Diagnostic> overflow_;  // written to when the limit is reached, then forgotten
};

}  // namespace marty::manifest
