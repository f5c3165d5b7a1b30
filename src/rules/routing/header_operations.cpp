#include <fmt/format.h>

#include <algorithm>

#include "dialect/names.hpp"
#include "rules/looks.hpp"

namespace marty::rules::catalog {
namespace {

bool is_authority(std::string_view name) { return name == "host" || name == "Host" || name == ":authority"; }

/// The length of "%PROTOCOL%", "%REQ(x-user):10%" or "%START_TIME(%s)%" at the beginning; 0 when there is
/// none.
std::size_t command_length(std::string_view text) {
  std::size_t i = 1;
  while (i < text.size() && (std::isupper(static_cast<unsigned char>(text[i])) || text[i] == '_' ||
                             std::isdigit(static_cast<unsigned char>(text[i]))))
    ++i;
  if (i == 1) return 0;
  if (text.substr(i).starts_with('(')) i = std::min(text.find(')', i), text.size() - 1) + 1;
  if (text.substr(i).starts_with(':')) i = std::min(text.find_first_not_of("0123456789", i + 1), text.size());
  return text.substr(i).starts_with('%') ? i + 1 : 0;
}

/// Of a percent sign that is neither doubled nor begins a command.
bool has_lone_percent(std::string_view value) {
  while (!value.empty()) {
    const auto at = value.find('%');
    if (at == value.npos) return false;
    value.remove_prefix(at);
    const auto length = value.starts_with("%%") ? 2 : command_length(value);
    if (length == 0) return true;
    value.remove_prefix(length);
  }
  return false;
}

void check_written(const Resource& resource, const Place& operation, bool of_request, Report& report) {
  for (std::size_t i = 0; operation.node.is_mapping() && i < operation.node.size(); ++i) {
    const auto [name, value] = operation.node.entry(i);
    const auto path = operation.path + "." + name.text;
    if (is_authority(name.text) ? !of_request : name.text.starts_with(':'))
      report.at(resource, name, path, fmt::format("'{}' is no header that can be set here", name.text));
    else if (!is_authority(name.text) && !dialect::is_header_name(name.text))
      report.at(resource, name, path, fmt::format("'{}' is no name of a header", name.text));
    else if (has_lone_percent(value.text))
      report.at(resource, value, path, "a '%' begins a command such as %PROTOCOL%; alone it is written twice")
          .notes = {{{}, "Envoy refuses the whole route table over it"}};
  }
}

void check_headers(const Resource& resource, const Place& headers, Report& report) {
  for (const auto side : {"request", "response"}) {
    for (const auto operation : {"set", "add"}) {
      const auto field = fmt::format("{}.{}", side, operation);
      if (const Node* node = get(headers.node, field))
        check_written(resource, {*node, headers.path + "." + field}, side == std::string_view("request"),
                      report);
    }
    each(headers.node, fmt::format("{}.remove[]", side), [&](const Place& name) {
      if (is_authority(name.node.text) || name.node.text.starts_with(':'))
        report.at(resource, name.node, headers.path + "." + name.path,
                  fmt::format("'{}' is needed by every request and cannot be removed", name.node.text));
    });
  }
}

/// rewrite.authority and a header 'host' both say what the host is to be.
void check_authority(const Resource& resource, const Place& route, Report& report) {
  const Node* rewritten = get(route.node, "rewrite.authority");
  if (rewritten == nullptr) return;
  for (const std::string operation : {"headers.request.set", "headers.request.add"}) {
    const Node* node = get(route.node, operation);
    for (std::size_t i = 0; is_mapping(node) && i < node->size(); ++i)
      if (is_authority(node->entry(i).key.text))
        report
            .at(resource, node->entry(i).key, route.path + "." + operation + "." + node->entry(i).key.text,
                "the host is rewritten a second time")
            .notes = {see(*rewritten, "the first time")};
  }
}

void check_match(const Resource& resource, const Place& names, Report& report) {
  for (std::size_t i = 0; names.node.is_mapping() && i < names.node.size(); ++i) {
    const auto& name = names.node.entry(i).key;
    if (!name.text.starts_with(':') && !name.text.starts_with('@') && !dialect::is_header_name(name.text))
      report.at(resource, name, names.path + "." + name.text,
                fmt::format("'{}' is no name of a header: no request has it", name.text));
  }
}

constexpr Look kLooks[] = {{"spec.http[].headers", check_headers},
                           {"spec.http[].route[].headers", check_headers},
                           {"spec.http[]", check_authority},
                           {"spec.http[].match[].headers", check_match},
                           {"spec.http[].match[].withoutHeaders", check_match}};

void check(const Estate& estate, Report& report) { each(estate.of("VirtualService"), kLooks, report); }

}  // namespace

extern const Rule header_operations{
    .id = "header-operations",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "headers that cannot be matched, set or removed as written",
    .why =
        "Names of headers have letters, digits and a few signs. Pseudo headers such as :path belong to the "
        "protocol; of them only the authority can be set, once, and only on the way to the server. Values "
        "are "
        "format strings of Envoy's, in which '%' begins a command. Istio's webhook refuses the object.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match:
    - headers:
        "x user": {exact: jo} # <<
    headers:
      request:
        set:
          ":path": /pets # <<
          x-share: "50%" # <<
        remove: [host] # <<
    route: [{destination: {host: pets}}]
  - rewrite: {authority: pets.example.com}
    headers:
      request:
        set: {host: pets.shop} # <<
    route: [{destination: {host: pets}}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match:
    - headers:
        x-user: {exact: jo}
    headers:
      request:
        set:
          x-share: "50%%"
          x-from: "%DOWNSTREAM_REMOTE_ADDRESS%"
          x-since: "t=%START_TIME(%s.%3f)%"
    route: [{destination: {host: pets}}]
  - rewrite: {authority: pets.example.com}
    route: [{destination: {host: pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
