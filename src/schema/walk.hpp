#pragma once

#include <optional>
#include <string>

#include "core/diagnostic.hpp"
#include "manifest/resource.hpp"
#include "schema/catalog.hpp"
#include "schema/defaults.hpp"
#include "schema/patterns.hpp"
#include "schema/place.hpp"

namespace marty::schema {

/// The parts of an object whose schemas have rules, as a walk meets them.
struct Ruled {
  struct Part {
    const manifest::Node* node;
    const Schema* schema;
  };
  std::vector<Part> parts;
  bool complete = true;  ///< the walk saw all parts that may have rules
};

/// One object held against its schema, without the rules (rules.hpp).
class Walk {
 public:
  using Node = manifest::Node;
  /// Writes into `ruled` anew; given by the caller, so that its room is used again.
  Walk(const Catalog&, Catalog::Found, Patterns&, Defaults&, Ruled&, const manifest::Resource&, Diagnostics&);

  void object();
  /// How many findings there were that make further rules meaningless.
  std::size_t errors() const { return errors_; }

  Diagnostic& report(Severity, std::string rule, SourceRange, std::string message, const Place&);
  const Tables& tables() const { return *tables_; }
  const Ruled& ruled() const { return ruled_; }
  /// Decoded by Go structs: every field has a zero value, and writing that is not writing it.
  bool native() const { return native_; }
  /// Whether a field counts as written: null is absent, except where a schema wants it kept.
  bool present(const Node* value, std::uint32_t schema) const;

 private:
  /// How much is asked of a value.
  enum class Ask {
    kAll,
    kShape,   ///< fields and types only: the server ignores `status` of new objects
    kBranch,  ///< inside allOf and the like, which do not list all fields
  };

  Diagnostic& error(std::string rule, const Node&, std::string message, const Place&);
  /// Counts instead of a finding when one is only tried for: nobody reads what it would say.
  bool only_counted();
  bool accepts(const Node&, std::uint32_t id, const Place&);

  void value(const Node&, const Schema&, const Place&, Ask);
  void null_item(const Node&, const Schema&, const Place&);
  void wrong_type(const Node&, const Schema&, const Place&);
  void mapping(const Node&, const Schema&, const Place&, Ask);
  void entries(const Node&, const Extra&, const Place&);
  void fields(const Node&, const Schema&, const Place&, Ask);
  void experimental_field(const Node& key, const Place&);
  void unknown_field(const Node& key, const Schema&, const Place&);
  void missing_fields(const Node&, const Schema&, const Place&);
  void metadata(const Node&, const Place&);
  void name(const Node& metadata, const Place&);
  void well_named(const Node&, std::string_view text, const Place&);
  void list(const Node&, const Schema&, const Place&, Ask);
  void duplicates(const Node&, const Schema&, const Extra&, const Place&);
  void count(const Node&, std::string_view noun, std::int64_t least, std::int64_t most, const Place&);
  /// Whether a text may be said; no enums allow all.
  bool among(std::string_view text, Range enums) const;
  void unlisted(const Node&, const Extra&, const Place&);
  void scalar(const Node&, manifest::ScalarType, const Schema&, const Place&);
  void text(const Node&, manifest::ScalarType, const Schema&, const Extra&, const Place&);
  void number(const Node&, const Schema&, const Extra&, const Place&);
  void choices(const Node&, const Schema&, const Extra&, const Place&);
  void choices_of(const Node&, const Extra&, const Place&);
  std::optional<Node> with_defaults(const Node&, const Schema&) const;
  void one_of(const Node&, const Extra&, const Place&);
  void wrong_choice(const Node&, const Extra&, std::size_t accepted, const Place&);

  std::string_view words(Text t) const { return tables_->text(t); }

  const Catalog& catalog_;
  const Tables* tables_;  // those of the part being looked at: metadata has its own
  const Kind* kind_;
  bool native_;  // metadata is, in every object
  Patterns& patterns_;
  Defaults& defaults_;
  Ruled& ruled_;
  const manifest::Resource& resource_;
  Diagnostics& found_;
  std::size_t errors_ = 0, findings_ = 0;
  std::size_t trying_ = 0;    // depth of accepts(): findings are only counted
  std::size_t refusals_ = 0;  // of the innermost
  Diagnostic unsaid_;
};

/// Paths of the mappings inside a schema that have a field of this name, at most three, outer ones first.
std::vector<std::string> homes_of(const Tables&, std::uint32_t root, std::string_view name);

/// "a text", "a whole number such as 5" …
std::string wanted(const Tables&, const Schema&);

}  // namespace marty::schema
