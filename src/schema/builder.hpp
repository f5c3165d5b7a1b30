#pragma once

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/diagnostic.hpp"
#include "manifest/node.hpp"
#include "schema/tables.hpp"

namespace marty::schema {

/// Makes tables from schemas as they are written: our schema files (schemas/*.json) and CRDs. Of a kind that
/// is added twice the first one counts.
class Builder {
 public:
  Builder();

  /// A file of tools/import_schemas.py.
  void add_file(const manifest::Node& file);
  /// A CustomResourceDefinition of v1. What is no schema is reported (bad-crd) and left out.
  void add_crd(const manifest::Node& crd, Diagnostics&);

  /// Valid while the builder lives and nothing is added.
  Tables tables();

 private:
  using Node = manifest::Node;
  using Entries = std::vector<Property>;

  void add_kind(const Kind&);
  std::uint32_t compile(const Node&);
  std::uint32_t reference(const Node& name);
  Schema content(const Node&);
  std::uint32_t extra(const Node&, Schema&);
  void bounds(const Node&, Extra&);
  Range rules(const Node&);
  Range alternatives(const Node& list);
  Range texts(const Node* list);
  Range properties(const Node&, Schema& into);
  Range hashed(Range properties);
  Text text(std::string_view);

  void spread_rules();

  const Node* definitions_ = nullptr;  // while a file is read
  std::unordered_map<std::string, std::uint32_t> by_name_;
  std::unordered_map<std::string, Text> interned_;
  std::string pool_;
  std::vector<Schema> schemas_;
  std::vector<Property> properties_;
  std::vector<std::uint32_t> slots_;
  std::vector<Extra> extras_;
  std::vector<std::uint32_t> ids_;
  std::vector<Text> texts_;
  std::vector<Rule> rules_;
  std::vector<Kind> kinds_;
  std::uint32_t object_meta_ = 0;
};

}  // namespace marty::schema
