#include "policy/route_match.hpp"

#include <algorithm>

#include "policy/ascii.hpp"

namespace marty::policy {
namespace {

/// The five pseudo-headers may stand in `headers` as well; they have exactly one value.
std::optional<std::string_view> pseudo_header(std::string_view name, const RequestView& request) {
  if (name == ":method") return request.method;
  if (name == ":path") return request.path;
  if (name == ":authority") return request.authority;
  if (name == ":scheme") return request.scheme;
  return {};
}

enum class Lines { kAbsent, kOther, kMatching };

/// Tries every line of that name by itself; they are not joined (Envoy 1.40).
Lines look_up(const RouteMatch::Named& wanted, const RequestView& request) {
  if (wanted.name.starts_with(':')) {
    const auto value = pseudo_header(wanted.name, request);
    if (!value) return Lines::kAbsent;
    return wanted.match.matches(*value) ? Lines::kMatching : Lines::kOther;
  }
  auto found = Lines::kAbsent;
  for (const auto& line : request.headers) {
    if (!equals_ignoring_case(line.name, wanted.name)) continue;
    if (wanted.match.matches(line.value)) return Lines::kMatching;
    found = Lines::kOther;
  }
  return found;
}

/// An absent header counts as the empty string here, except that "present" asks for absence.
bool lacks(const RouteMatch::Named& unwanted, const RequestView& request) {
  const auto found = look_up(unwanted, request);
  if (found != Lines::kAbsent || unwanted.match.kind == StringMatch::Kind::kPresent)
    return found != Lines::kMatching;
  return !unwanted.match.matches("");
}

/// The first value of `key` as sent ("" when there is no "="), or nothing.
std::optional<std::string_view> first_query_value(std::string_view path, std::string_view key) {
  const auto question = path.find('?');
  if (question == path.npos) return {};
  for (auto rest = path.substr(question + 1);;) {
    const auto end = rest.find('&');
    const auto pair = rest.substr(0, end);
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) == key)
      return equals == pair.npos ? std::string_view{} : pair.substr(equals + 1);
    if (end == rest.npos) return {};
    rest.remove_prefix(end + 1);
  }
}

bool has_query(const RouteMatch::Named& wanted, const RequestView& request) {
  const auto value = first_query_value(request.path, wanted.name);
  return value && wanted.match.matches(*value);
}

}  // namespace

bool RouteMatch::matches(const RequestView& request) const {
  if (method && !method->matches(request.method)) return false;
  if (uri && !uri->matches(request.path_only())) return false;
  if (authority && !authority->matches(request.authority)) return false;
  if (scheme && !scheme->matches(request.scheme)) return false;
  return std::all_of(headers.begin(), headers.end(),
                     [&](const Named& h) { return look_up(h, request) == Lines::kMatching; }) &&
         std::all_of(without_headers.begin(), without_headers.end(),
                     [&](const Named& h) { return lacks(h, request); }) &&
         std::all_of(query_params.begin(), query_params.end(),
                     [&](const Named& q) { return has_query(q, request); });
}

bool RouteMatch::matches_everything() const {
  if (method || authority || scheme || !headers.empty() || !without_headers.empty() || !query_params.empty())
    return false;
  if (!uri) return true;
  switch (uri->kind) {
    case StringMatch::Kind::kPresent:
      return true;
    case StringMatch::Kind::kPrefix:
    case StringMatch::Kind::kPathPrefix:
      return uri->text.empty() || uri->text == "/";
    case StringMatch::Kind::kRegex:
      return uri->text == ".*";
    case StringMatch::Kind::kExact:
    case StringMatch::Kind::kSuffix:
      break;
  }
  return false;
}

}  // namespace marty::policy
