#pragma once

#include <atomic>
#include <vector>

#include "core/diagnostic.hpp"
#include "manifest/resource.hpp"
#include "schema/catalog.hpp"

namespace marty::rules {

/// Holds all objects against their schemas.
class SchemaCheck {
 public:
  /// Both must outlive this.
  SchemaCheck(const schema::Catalog&, const std::vector<manifest::Resource>&);
  /// Takes objects until none is left. Several threads may, each compiling rules and patterns for itself, and
  /// one may join them late.
  void work();
  /// When all work is done: adds what was found, in the order of the objects. Returns how many objects there
  /// are that nobody has a schema for.
  std::size_t finish(Diagnostics& into);

 private:
  const schema::Catalog& catalog_;
  const std::vector<manifest::Resource>& objects_;
  std::vector<Diagnostics> found_;  // by stretch of objects
  std::atomic<std::size_t> next_ = 0, unknown_ = 0;
};

/// Adds what deeper reading found, without what has been said about the same place already: a field that a
/// schema refuses is one finding, whoever else stumbles over it. Nor is the same said of one place twice, as
/// it would be of objects that are there several times.
void add_what_is_new(Diagnostics& into, Diagnostics more);

}  // namespace marty::rules
