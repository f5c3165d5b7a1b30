#include "kustomize/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "kustomize/folder.hpp"

namespace marty::kustomize {

namespace {

/// Words and signs of a condition, in order.
std::vector<std::string> tokens_of(std::string_view text) {
  constexpr std::string_view kSigns = "=!<>(),";
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto rest = text.substr(at);
    if (rest[0] == ' ' || rest[0] == '\t') {
      ++at;
    } else if (kSigns.find(rest[0]) != kSigns.npos) {
      const std::size_t size = rest.starts_with("==") || rest.starts_with("!=") ? 2 : 1;
      out.emplace_back(rest.substr(0, size));
      at += size;
    } else {
      const auto end = std::min(rest.find_first_of("=!<>(), \t"), rest.size());
      out.emplace_back(rest.substr(0, end));
      at += end;
    }
  }
  return out;
}

bool is_word(const std::string& token) { return token.find_first_of("=!<>(),") == token.npos; }

/// Takes tokens off one by one; an empty text after the last.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : all_(tokens_of(text)) {}
  bool done() const { return at_ == all_.size(); }
  std::string peek() const { return done() ? "" : all_[at_]; }
  std::string take() { return done() ? "" : all_[at_++]; }
  bool take(std::string_view token) { return peek() == token && (++at_, true); }

 private:
  std::vector<std::string> all_;
  std::size_t at_ = 0;
};

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

/// "(a, b)"
bool take_list(Tokens& tokens, std::vector<std::string>& out) {
  if (!tokens.take("(")) return false;
  do {
    out.push_back(tokens.done() || !is_word(tokens.peek()) ? "" : tokens.take());
  } while (tokens.take(","));
  return tokens.take(")");
}

}  // namespace

std::optional<LabelCondition> LabelCondition::parse(const Text& text, Diagnostics& found) {
  using Kind = Requirement::Kind;
  LabelCondition out;
  Tokens tokens(*text);
  bool fine = true;
  while (fine && !tokens.done()) {
    Requirement one;
    if (tokens.take("!")) one.kind = Kind::kAbsent;
    one.key = tokens.take();
    fine = !one.key.empty() && is_word(one.key);
    if (one.kind != Kind::kAbsent && !tokens.done() && tokens.peek() != ",") {
      const std::string sign = tokens.take();
      one.kind = sign == "!=" || sign == "notin" ? Kind::kNotIn
                 : sign == ">"                   ? Kind::kGreater
                 : sign == "<"                   ? Kind::kLess
                                                 : Kind::kIn;
      if (sign == "in" || sign == "notin") {
        fine &= take_list(tokens, one.values);
      } else {
        fine &= sign == "=" || sign == "==" || sign == "!=" || sign == ">" || sign == "<";
        one.values.push_back(is_word(tokens.peek()) ? tokens.take() : "");
        if (one.kind == Kind::kGreater || one.kind == Kind::kLess)
          fine &= to_integer(one.values[0]).has_value();
      }
    }
    out.requirements_.push_back(std::move(one));
    if (!tokens.done()) fine &= tokens.take(",") && !tokens.done();
  }
  if (fine) return out;
  found.error("kustomize-selector", range_of(text), fmt::format("'{}' is no condition on labels", *text))
      .notes.push_back({{}, "write it like app=web, tier!=test, env in (a, b), !old"});
  return {};
}

bool LabelCondition::holds(const Requirement& one, const Node* value) {
  using Kind = Requirement::Kind;
  const std::string text = value ? value->text : "";
  const bool listed = std::find(one.values.begin(), one.values.end(), text) != one.values.end();
  switch (one.kind) {
    case Kind::kIn:
      return value && listed;
    case Kind::kNotIn:
      return !value || !listed;
    case Kind::kExists:
      return value != nullptr;
    case Kind::kAbsent:
      return value == nullptr;
    case Kind::kGreater:
    case Kind::kLess:
      break;
  }
  const auto number = value ? to_integer(text) : std::nullopt;
  const auto bound = to_integer(one.values[0]);
  return number && (one.kind == Kind::kGreater ? *number > *bound : *number < *bound);
}

bool LabelCondition::holds(const Node* pairs) const {
  return std::all_of(requirements_.begin(), requirements_.end(), [&](const Requirement& one) {
    return holds(one, pairs ? pairs->find(one.key) : nullptr);
  });
}

std::optional<Target> Target::compile(const Selector& selector, Diagnostics& found) {
  Target out;
  bool fine = true;
  const auto pattern = [&](const Text& text) -> Pattern {
    if (text->empty()) return nullptr;
    std::string why;
    auto regex = policy::Regex::compile(*text, why);
    if (!regex) {
      fine = false;
      found.error("kustomize-selector", range_of(text),
                  fmt::format("this is no regular expression: {}", why));
    }
    return regex;
  };
  out.group_ = pattern(selector.group);
  out.version_ = pattern(selector.version);
  out.kind_ = pattern(selector.kind);
  out.name_ = pattern(selector.name);
  out.ns_ = pattern(selector.ns);
  auto labels = LabelCondition::parse(selector.label_selector, found);
  auto annotations = LabelCondition::parse(selector.annotation_selector, found);
  if (!fine || !labels || !annotations) return {};
  out.labels_ = std::move(*labels);
  out.annotations_ = std::move(*annotations);
  return out;
}

bool Target::selects(const Object& object) const {
  const auto fits = [](const Pattern& pattern, std::string_view text) {
    return !pattern || pattern->matches_all_of(text);
  };
  if (!fits(kind_, object.kind()) || !fits(group_, object.group()) || !fits(version_, object.version()))
    return false;
  const Object::Former* first = object.former.empty() ? nullptr : &object.former[0];
  if (!fits(name_, object.name()) && !(first && fits(name_, first->name))) return false;
  if (!fits(ns_, object.effective_ns()) && !(first && fits(ns_, first->ns))) return false;
  const Node* metadata = object.root.find("metadata");
  return labels_.holds(metadata ? metadata->find("labels") : nullptr) &&
         annotations_.holds(metadata ? metadata->find("annotations") : nullptr);
}

}  // namespace marty::kustomize
