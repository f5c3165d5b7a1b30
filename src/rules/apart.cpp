#include "rules/apart.hpp"

#include <fmt/format.h>

namespace marty::rules {

namespace {

std::string type_of(const Node& root) {
  if (text(root, "spec.clusterIP") == "None") return "headless";
  const auto type = text(root, "spec.type");
  // How it is reached from outside is each place's own affair; inside all three are a cluster IP.
  return type == "ExternalName" ? std::string(type) : "a cluster IP";
}

/// What a mesh takes the port for: appProtocol, else its name up to the '-', else plain TCP.
std::string protocol_of(const Node& port) {
  const auto l4 = text(port, "protocol");
  if (!l4.empty() && l4 != "TCP") return std::string(l4);
  if (const auto said = text(port, "appProtocol"); !said.empty()) return std::string(said);
  const auto name = text(port, "name");
  return name.empty() ? "of no protocol" : std::string(name.substr(0, name.find('-')));
}

std::string target_of(const Node& port) {
  const auto target = text(port, "targetPort");
  return std::string(target.empty() ? text(port, "port") : target);
}

const Node* port_with(const Node& root, std::string_view field, std::string_view value) {
  const Node* found = nullptr;
  each(root, "spec.ports[]", [&](const Place& port) {
    if (!value.empty() && text(port.node, field) == value) found = &port.node;
  });
  return found;
}

/// The port of that number; else the one of that name, as the number may be what differs.
const Node* twin_of(const Node& port, const Node& root) {
  const Node* same = port_with(root, "port", text(port, "port"));
  return same != nullptr ? same : port_with(root, "name", text(port, "name"));
}

std::string described(const mesh::Labels& labels) {
  std::string out;
  for (const auto& [key, value] : labels) out += fmt::format("{}{}={}", out.empty() ? "" : ",", key, value);
  return out.empty() ? "nothing" : out;
}

const Node& at(const Node& root, std::string_view path) {
  const Node* node = get(root, path);
  if (node == nullptr) node = get(root, "metadata.name");
  return node != nullptr ? *node : root;
}

}  // namespace

std::vector<Apart> apart(const Resource& here, const std::string& here_name, const Resource& there,
                         const std::string& there_name) {
  std::vector<Apart> out;
  const auto differ = [&](std::string_view what, const std::string& mine, const std::string& other) {
    return fmt::format("{} is {} in {}, and {} in {}", what, mine, here_name, other, there_name);
  };
  const auto &root = here.root, &twin = there.root;
  if (const auto mine = type_of(root), other = type_of(twin); mine != other) {
    const auto* field = mine == "headless" || other == "headless" ? "spec.clusterIP" : "spec.type";
    out.push_back({&at(root, field), field, &at(twin, field),
                   differ(fmt::format("'{}'", *here.name), mine, other), false});
  }
  each(root, "spec.ports[]", [&](const Place& port) {
    const auto number = text(port.node, "port");
    const auto add = [&](const Node* other, std::string said, bool own_affair = false) {
      out.push_back({&port.node, port.path, other, std::move(said), own_affair});
    };
    const Node* other = twin_of(port.node, twin);
    if (other == nullptr)
      return add(get(twin, "spec.ports"), fmt::format("'{}' has port {} in {}, and not in {}", *here.name,
                                                      number, here_name, there_name));
    if (const auto theirs = text(*other, "port"); theirs != number)
      return add(other, differ(fmt::format("port '{}' of '{}'", text(port.node, "name"), *here.name),
                               std::string(number), std::string(theirs)));
    const auto mine = protocol_of(port.node), theirs = protocol_of(*other);
    if (mine != theirs) add(other, differ(fmt::format("port {} of '{}'", number, *here.name), mine, theirs));
    if (const auto to = target_of(port.node), too = target_of(*other); to != too)
      add(other, differ(fmt::format("the target of port {} of '{}'", number, *here.name), to, too), true);
  });
  each(twin, "spec.ports[]", [&](const Place& port) {
    if (twin_of(port.node, root) != nullptr) return;
    out.push_back({&at(root, "spec.ports"), "spec.ports", &port.node,
                   fmt::format("'{}' has port {} in {}, and not in {}", *here.name, text(port.node, "port"),
                               there_name, here_name),
                   false});
  });
  const auto mine = labels_at(get(root, "spec.selector")), other = labels_at(get(twin, "spec.selector"));
  if (mine != other)
    out.push_back({&at(root, "spec.selector"), "spec.selector", &at(twin, "spec.selector"),
                   differ(fmt::format("what '{}' selects", *here.name), described(mine), described(other)),
                   true});
  return out;
}

}  // namespace marty::rules
