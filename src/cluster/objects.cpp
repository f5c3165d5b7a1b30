#include "cluster/objects.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "manifest/write.hpp"
#include "rollout/kubectl_error.hpp"

namespace marty::cluster {

using manifest::Node;
using rollout::key_of;
using rollout::shown;
using rollout::Survey;

namespace {

std::vector<Resource> parsed(std::string_view json) {
  Diagnostics ignored;  // kubectl's own output
  return manifest::read_resources(json, 0, ignored).all;
}

std::map<Key, Resource> by_key(std::vector<Resource> objects) {
  std::map<Key, Resource> out;
  for (auto& object : objects) {
    auto key = key_of(object);
    out.emplace(std::move(key), std::move(object));
  }
  return out;
}

/// What is needed to ask for an object.
Node identity(const Resource& resource) {
  Node root = Node::mapping();
  root.add("apiVersion", Node::string(*resource.api_version));
  root.add("kind", Node::string(*resource.kind));
  Node& metadata = root.add("metadata", Node::mapping());
  metadata.add("name", Node::string(*resource.name));
  if (const auto key = key_of(resource); !key.ns.empty()) metadata.add("namespace", Node::string(key.ns));
  return root;
}

std::vector<std::string> trial(bool force) {
  std::vector<std::string> words{
      "apply", "--server-side", "--dry-run=server", "--field-manager=marty", "-o", "json", "-f", "-"};
  if (force) words.emplace_back("--force-conflicts");
  return words;
}

Result<std::vector<Resource>> tried(Kubectl& kubectl, const Resource& object, Survey& survey) {
  const Resource* one[] = {&object};
  const auto text = documents(one);
  auto reply = kubectl.ask(trial(false), text);
  if (!reply) return std::move(reply.error());
  if (!reply->succeeded) {
    auto conflicts = rollout::parse_conflicts(reply->err);
    const auto doing = "checking " + shown(key_of(object));
    if (conflicts.empty()) return rollout::kubectl_error(doing, reply->err);
    survey.conflicts[key_of(object)] = std::move(conflicts);
    auto forced = kubectl.run(doing, trial(true), text);
    if (!forced) return std::move(forced.error());
    return parsed(*forced);
  }
  return parsed(reply->out);
}

Status keep(Result<std::vector<Resource>> objects, Survey& survey) {
  if (!objects) return std::move(objects.error());
  for (auto& object : *objects) {
    auto key = key_of(object);
    survey.preview.insert_or_assign(std::move(key), std::move(object));
  }
  return ok();
}

}  // namespace

std::string documents(std::span<const Resource* const> resources) {
  std::vector<Node> nodes;
  for (const auto* resource : resources) nodes.push_back(resource->root);
  return manifest::write_documents("", nodes);
}

Result<Target> target(Kubectl& kubectl) {
  auto text =
      kubectl.run("asking kubectl which cluster to use", {"config", "view", "--minify", "-o", "json"});
  if (!text) return std::move(text.error());
  const auto all = parsed(*text);
  if (all.empty()) return Error{ErrorCode::kEnvironment, "kubectl config view says nothing", {}};
  const Node& root = all.front().root;
  Target out{root.text_at({"current-context"}), root.text_at({"clusters", "0", "cluster", "server"}),
             root.text_at({"contexts", "0", "context", "namespace"})};
  if (out.ns.empty()) out.ns = "default";
  return out;
}

Result<Served> served_kinds(Kubectl& kubectl) {
  // NAME SHORTNAMES? APIVERSION NAMESPACED KIND
  auto reply = kubectl.ask({"api-resources", "--no-headers"});
  if (!reply) return std::move(reply.error());
  // One broken extension server makes it fail, and still list all the others.
  if (!reply->succeeded && reply->out.empty())
    return rollout::kubectl_error("reading the cluster", reply->err);
  Served out;
  std::string_view text = reply->out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::vector<std::string> words;
    for (std::size_t at = 0; at < end;) {
      const auto begin = std::min(text.find_first_not_of(' ', at), end);
      const auto stop = std::min(text.find(' ', begin), end);
      if (stop > begin) words.emplace_back(text.substr(begin, stop - begin));
      at = stop;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.size() < 4) continue;
    const auto& version = words[words.size() - 3];
    const auto slash = version.find('/');
    const auto group = slash == version.npos ? std::string() : version.substr(0, slash);
    out[{group, words.back()}] = words[0] + (group.empty() ? "" : "." + group);
  }
  return out;
}

Status all_served(std::span<const Resource> wanted, const Served& served) {
  std::set<std::string> kinds, ways;
  for (const auto& resource : wanted) {
    const std::string group(resource.group());
    if (served.contains({group, *resource.kind})) continue;
    kinds.insert(fmt::format("{} ({})", *resource.kind, group));
    const auto way = rollout::how_to_install(group);
    ways.emplace(way.empty() ? "install what defines " + group : way);
  }
  if (kinds.empty()) return ok();
  return Error{ErrorCode::kEnvironment,
               fmt::format("the cluster does not know {}; nothing was changed", fmt::join(kinds, ", ")),
               fmt::format("{}", fmt::join(ways, "\n  "))};
}

Result<std::map<Key, Resource>> existing(Kubectl& kubectl, std::span<const Resource> objects) {
  if (objects.empty()) return std::map<Key, Resource>{};
  std::vector<Node> nodes;
  for (const auto& object : objects) nodes.push_back(identity(object));
  auto text = kubectl.run("reading the cluster", {"get", "--ignore-not-found", "-o", "json", "-f", "-"},
                          manifest::write_documents("", nodes));
  if (!text) return std::move(text.error());
  return by_key(parsed(*text));
}

Result<std::vector<Resource>> listed(Kubectl& kubectl, std::string_view doing,
                                     std::vector<std::string> words) {
  words.insert(words.begin(), "get");
  words.insert(words.end(), {"-o", "json", "--ignore-not-found"});
  auto text = kubectl.run(doing, std::move(words));
  if (!text) return std::move(text.error());
  return parsed(*text);
}

Status preview(Kubectl& kubectl, std::span<const Resource> objects, Survey& survey,
               const std::function<void(const std::string&)>& busy) {
  if (objects.empty()) return ok();
  std::vector<const Resource*> all;
  for (const auto& object : objects) all.push_back(&object);
  auto reply = kubectl.ask(trial(false), documents(all));
  if (!reply) return std::move(reply.error());
  if (reply->succeeded) return keep(parsed(reply->out), survey);
  for (std::size_t i = 0; i < all.size(); ++i) {
    busy(fmt::format("checking {} of {}: {}", i + 1, all.size(), shown(key_of(*all[i]))));
    MARTY_TRY(keep(tried(kubectl, *all[i], survey), survey));
  }
  return ok();
}

std::set<std::string> namespaces_of(std::span<const Resource> objects) {
  std::set<std::string> out;
  for (const auto& resource : objects)
    if (auto key = key_of(resource); !key.ns.empty()) out.insert(std::move(key.ns));
  return out;
}

Result<std::vector<Resource>> marked_objects(Kubectl& kubectl, const std::set<std::string>& namespaces,
                                             const Served& served, const std::string& service) {
  std::vector<std::string> prunable;
  for (const auto& kind : rollout::kinds()) {
    const auto found = served.find({std::string(kind.group), std::string(kind.kind)});
    if (kind.removal == rollout::Kind::Removal::kPrune && found != served.end())
      prunable.push_back(found->second);
  }
  std::vector<Resource> out;
  for (const auto& ns : namespaces) {
    auto there =
        listed(kubectl, "looking for what was applied before",
               {fmt::format("{}", fmt::join(prunable, ",")), "-n", ns, "-l", rollout::selector_of(service)});
    if (!there) return std::move(there.error());
    std::move(there->begin(), there->end(), std::back_inserter(out));
  }
  return out;
}

std::vector<Resource> can_be_tried(std::span<const Resource> wanted, const Survey& survey) {
  std::vector<Resource> out;
  for (const auto& resource : wanted) {
    const Key ns{"", "Namespace", "", key_of(resource).ns};
    const bool to_be_made =
        !ns.name.empty() && !survey.live.contains(ns) &&
        std::any_of(wanted.begin(), wanted.end(), [&](auto& r) { return key_of(r) == ns; });
    if (!to_be_made) out.push_back(resource);
  }
  return out;
}

}  // namespace marty::cluster
