#pragma once

#include <memory>

#include "core/diagnostic.hpp"
#include "manifest/resource.hpp"
#include "schema/catalog.hpp"

namespace marty::schema {

/// Says of objects what an API server with `--validate=strict` would refuse: unknown and misplaced fields,
/// wrong types, what is missing, values out of their bounds, choices not made or made twice, and broken rules
/// (CEL) of CRDs and of Kubernetes' own kinds. Every finding has its place and its path.
///
/// Keeps what it compiled, so use one for many objects, and one per thread. The catalog must outlive it.
class Checker {
 public:
  explicit Checker(const Catalog&);
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;
  ~Checker();

  /// False when nobody told what such an object looks like: its group is unknown, and nothing was checked.
  bool check(const manifest::Resource&, Diagnostics&);

  struct Caches;

 private:
  const Catalog& catalog_;
  std::unique_ptr<Caches> caches_;
};

}  // namespace marty::schema
