#include "cli/plan_view.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

namespace marty::cli {

using Json = nlohmann::ordered_json;
using rollout::Action;

namespace {

std::string_view color_of(Action action) {
  switch (action) {
    case Action::kCreate:
      return "32";
    case Action::kChange:
      return "33";
    case Action::kPrune:
      return "31";
    case Action::kUnchanged:
    case Action::kUnknown:
      break;
  }
  return "2";
}

std::string painted(Action action, Color color) {
  const auto word = fmt::format("{:<9}", to_string(action));
  return color == Color::kYes ? fmt::format("\x1b[{}m{}\x1b[0m", color_of(action), word) : word;
}

std::string place(Origin origin, const SourceMap& sources) {
  return origin.known() ? "  " + sources.describe(origin) : std::string();
}

Json origin_json(Origin origin, const SourceMap& sources) {
  return origin.known() ? Json(sources.describe(origin)) : Json();
}

Json text_or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }

Json object_json(const rollout::Planned& one, const SourceMap& sources) {
  Json changes = Json::array(), conflicts = Json::array();
  for (const auto& change : one.changes)
    changes.push_back({{"path", change.path},
                       {"before", text_or_null(change.before)},
                       {"after", text_or_null(change.after)},
                       {"origin", origin_json(change.origin, sources)}});
  for (const auto& conflict : one.conflicts)
    conflicts.push_back(
        {{"manager", conflict.manager}, {"since", conflict.since}, {"fields", conflict.fields}});
  return {{"kind", one.key.kind},
          {"group", one.key.group},
          {"namespace", one.key.ns},
          {"name", one.key.name},
          {"action", to_string(one.action)},
          {"origin", origin_json(one.origin, sources)},
          {"changes", std::move(changes)},
          {"previewed", one.previewed},
          {"conflicts", std::move(conflicts)}};
}

}  // namespace

std::string plan_summary(const rollout::Plan& plan) {
  std::string out;
  const auto add = [&](Action action, std::string_view words) {
    if (const auto count = plan.count(action); count > 0)
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, words);
  };
  add(Action::kCreate, "to create");
  add(Action::kChange, "to change");
  add(Action::kUnchanged, "unchanged");
  add(Action::kPrune, "to prune");
  add(Action::kUnknown, "to apply, in this order");
  return out;
}

std::string plan_table(const rollout::Plan& plan, const SourceMap& sources, Color color) {
  std::string out;
  for (const auto& one : plan.objects) {
    if (one.action == Action::kUnchanged && one.conflicts.empty()) continue;
    out += fmt::format("{} {}{}\n", painted(one.action, color), shown(one.key), place(one.origin, sources));
    for (const auto& change : one.changes)
      out += fmt::format("            {}: {} -> {}{}\n", change.path, change.before.value_or("(absent)"),
                         change.after.value_or("(absent)"), place(change.origin, sources));
    for (const auto& conflict : one.conflicts)
      out += fmt::format("            conflict with \"{}\"{}{}: {}\n", conflict.manager,
                         conflict.since.empty() ? "" : " ", conflict.since, fmt::join(conflict.fields, ", "));
  }
  return out;
}

std::string plan_json(const rollout::Plan& plan, const PlanContext& context, const SourceMap& sources,
                      std::string_view result) {
  Json objects = Json::array(), counts = Json::object();
  for (const auto& one : plan.objects) objects.push_back(object_json(one, sources));
  for (const auto action :
       {Action::kCreate, Action::kChange, Action::kUnchanged, Action::kPrune, Action::kUnknown})
    counts[std::string(to_string(action))] = plan.count(action);
  const Json out{{"schema", "marty/v1"},
                 {"service", context.service.name},
                 {"mesh", context.service.mesh},
                 {"namespace", context.service.ns},
                 {"context", context.target.context},
                 {"dryRun", context.dry_run.empty() ? Json() : Json(context.dry_run)},
                 {"result", result},
                 {"objects", std::move(objects)},
                 {"counts", std::move(counts)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace marty::cli
