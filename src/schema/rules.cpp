#include "schema/rules.hpp"

namespace marty::schema {

using manifest::Node;

namespace {

class RulePass {
 public:
  RulePass(Walk& walk, RuleCaches& caches)
      : walk_(walk), tables_(walk.tables()), caches_(caches), parsed_(caches.parsed[&tables_]) {
    parsed_.resize(tables_.rules.size());
  }

  /// Whether no rule is broken, without a look at the whole object again. False when that is needed.
  bool all_hold() {
    if (!walk_.ruled().complete) return false;
    for (const auto& [node, schema] : walk_.ruled().parts) {
      const auto id = static_cast<std::uint32_t>(schema - tables_.schemas.data());
      for (const Rule& rule : rules_of(*schema))
        if (!holds(rule, *node, id)) return false;
    }
    return true;
  }

  /// Reports the broken rules in an object and below, by their places.
  void visit(const Node& node, std::uint32_t id, const Place& place) {
    const Schema& schema = tables_.schemas[id];
    if (!(schema.flags & kHasRules)) return;
    if (node.is_null()) {
      // In a list Go makes an empty object of it; elsewhere it is absent.
      const bool is_item = place.up != nullptr && place.key.empty();
      if (is_item && walk_.native() && schema.type == Type::kObject)
        visit(Node::mapping(node.origin), id, place);
      return;
    }
    for (const Rule& rule : rules_of(schema))
      if (!holds(rule, node, id)) report(rule, node, place);
    if (node.is_sequence()) {
      for (std::size_t i = 0; i < node.children.size(); ++i)
        visit(node.children[i], schema.items, place.item(i));
    }
    if (!node.is_mapping()) return;
    for (std::size_t i = 0; i < node.size(); ++i) {
      const auto [key, inner] = node.entry(i);
      const Property* property = tables_.find(schema, key);
      visit(inner, property ? property->schema : schema.values, place.field(key.text));
    }
  }

 private:
  std::span<const Rule> rules_of(const Schema& schema) const {
    const Range range = tables_.extra_of(schema).rules;
    return tables_.rules.subspan(range.first, range.count);
  }

  Cel* parsed(const Rule& rule) {
    ParsedRule& known = parsed_.data()[&rule - tables_.rules.data()];
    if (!known.tried) {
      std::string why;
      known = {parse_cel(tables_.text(rule.expression), why), true};
    }
    return known.cel.get();
  }

  bool holds(const Rule& rule, const Node& node, std::uint32_t id) {
    Cel* cel = parsed(rule);
    if (!cel) return true;
    const CelVerdict verdict = evaluate(*cel, tables_, caches_.patterns, caches_.defaults, id, node);
    return verdict == CelVerdict::kTrue || verdict == CelVerdict::kGivenUp;
  }

  void report(const Rule& rule, const Node& node, const Place& place) {
    const auto said = tables_.text(rule.says);
    Diagnostic& finding =
        walk_.report(Severity::kError, "schema-rule", node.range(),
                     said.empty() ? "this breaks a rule of its kind" : std::string(said), place);
    finding.notes.push_back({{}, fmt::format("the rule: {}", tables_.text(rule.expression))});
  }

  Walk& walk_;
  const Tables& tables_;
  RuleCaches& caches_;
  std::vector<ParsedRule>& parsed_;
};

}  // namespace

void check_rules(Walk& walk, RuleCaches& caches, const Node& object, std::uint32_t schema) {
  if (walk.ruled().complete && walk.ruled().parts.empty()) return;
  RulePass pass(walk, caches);
  if (!pass.all_hold()) pass.visit(object, schema, Place{});
}

}  // namespace marty::schema
