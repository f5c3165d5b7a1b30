#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "manifest/resource.hpp"
#include "schema/tables.hpp"

namespace marty::schema {

class Builder;

/// All kinds that are known in one run: those of the program, and those of the user's CRDs, which go first.
/// Immutable while objects are checked, so threads may share it.
class Catalog {
 public:
  Catalog();
  Catalog(Catalog&&) noexcept;
  ~Catalog();

  /// Adds the kinds of the CustomResourceDefinitions among these objects; what else is there is ignored.
  /// Returns how many CRDs there were.
  std::size_t add_crds(const std::vector<manifest::Resource>&, Diagnostics&);

  struct Found {
    const Tables* tables = nullptr;
    const Kind* kind = nullptr;
    explicit operator bool() const { return kind != nullptr; }
  };
  /// A kind that some version of its API serves; nothing when it is unknown or no longer served.
  Found find(std::string_view group, std::string_view kind, std::string_view version) const;
  /// The versions in which a kind is served, newest first.
  std::vector<std::string_view> versions(std::string_view group, std::string_view kind) const;
  /// The kinds of a group, sorted; empty when the group is unknown.
  std::vector<std::string_view> kinds(std::string_view group) const;
  /// The tables that know what metadata looks like, for every object.
  const Tables& object_meta() const;

 private:
  std::unique_ptr<Builder> users_;
  std::vector<Tables> all_;
};

}  // namespace marty::schema
