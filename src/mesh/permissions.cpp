#include "mesh/permissions.hpp"

#include <algorithm>

namespace marty::mesh {
namespace {

using Who = Permissions::Who;

/// A rule, or the probes (without one).
struct Opening {
  const PolicyFile::Allow* rule = nullptr;
  std::vector<RequestPattern> requests;
};

/// Whether every path that matches `inner` matches `outer`.
bool covers(std::string_view outer, std::string_view inner) {
  if (outer == "*" || outer == inner) return true;
  if (outer.ends_with('*')) {
    outer.remove_suffix(1);
    return inner.starts_with(outer);
  }
  if (!outer.starts_with('*')) return false;
  outer.remove_prefix(1);
  return !inner.ends_with('*') && inner.ends_with(outer);
}

std::vector<RequestPattern> requests_of(const PolicyFile::Allow& allow) {
  if (allow.to.empty()) return {{"*", ""}};
  std::vector<RequestPattern> all;
  for (const auto& permission : allow.to) {
    std::vector<std::string> paths, methods;
    for (const auto& path : permission.paths) paths.push_back(*path);
    for (const auto& method : permission.methods) methods.push_back(*method);
    if (paths.empty()) paths.push_back("*");
    if (methods.empty()) methods.push_back("");
    for (const auto& path : paths)
      for (const auto& method : methods) all.push_back({path, method});
  }
  return all;
}

std::vector<Opening> openings(const PolicyFile& file, MeshKind mesh) {
  std::vector<Opening> all;
  for (const auto& allow : file.security.allow)
    if (!names_nobody(allow, mesh)) all.push_back({&allow, requests_of(allow)});
  Opening probes;
  for (const auto* path : {&file.workload.liveness, &file.workload.readiness})
    if (!(*path)->empty()) probes.requests.push_back({**path, "GET"});
  if (!probes.requests.empty()) all.push_back(std::move(probes));
  return all;
}

template <class T>
void add_new(std::vector<T>& known, const T& one) {
  if (std::find(known.begin(), known.end(), one) == known.end()) known.push_back(one);
}

Who who_of(const Opening& one) {
  return !one.rule ? Who::kAnybody : one.rule->from.empty() ? Who::kWholeMesh : Who::kTheseCallers;
}

/// Who may send this: the widest of the openings that cover it, as an identity is no hindrance.
Permissions who_may(const RequestPattern& request, const std::vector<Opening>& all) {
  Permissions made{Who::kTheseCallers, {}, {request}};
  std::vector<const Opening*> covering;
  for (const auto& one : all) {
    const bool opens = std::any_of(one.requests.begin(), one.requests.end(), [&](const RequestPattern& open) {
      return covers(open.path, request.path) && (open.method.empty() || open.method == request.method);
    });
    if (!opens) continue;
    covering.push_back(&one);
    made.who = std::min(made.who, who_of(one));
  }
  for (const auto* one : covering)
    if (one->rule && (made.who == Who::kAnybody || who_of(*one) == made.who)) made.rules.push_back(one->rule);
  return made;
}

bool same_callers(const Permissions& a, const Permissions& b) {
  return a.who == b.who && (a.who == Who::kAnybody || a.rules == b.rules);
}
bool nobody(const Permissions& one) { return one.who != Who::kAnybody && one.rules.empty(); }

}  // namespace

std::string Permissions::name() const {
  if (who == Who::kAnybody) return "probes";
  std::string name;
  for (const auto* rule : rules) name += (name.empty() ? "" : "-") + *rule->name;
  return name;
}

std::vector<Permissions> permissions(const PolicyFile& file, MeshKind mesh) {
  const auto all = openings(file, mesh);
  std::vector<std::string> paths, methods;
  for (const auto& one : all) {
    for (const auto& request : one.requests) {
      add_new(paths, request.path);
      if (!request.method.empty()) add_new(methods, request.method);
    }
  }
  std::vector<Permissions> made;
  const auto add = [&](Permissions one) {
    const auto known =
        std::find_if(made.begin(), made.end(), [&](const auto& other) { return same_callers(one, other); });
    if (known == made.end()) return made.push_back(std::move(one));
    known->requests.push_back(one.requests.front());
    for (const auto* rule : one.rules) add_new(known->rules, rule);
  };
  for (const auto& path : paths) {
    const auto any_method = who_may({path, ""}, all);
    for (const auto& method : methods) {
      auto one = who_may({path, method}, all);
      if (!nobody(one) && !same_callers(one, any_method)) add(std::move(one));
    }
    if (!nobody(any_method)) add(any_method);
  }
  return made;
}

}  // namespace marty::mesh
