#include "manifest/resource.hpp"

#include <fmt/format.h>

#include "manifest/yaml.hpp"

namespace marty::manifest {

namespace {

void take_text(const Node* node, Sourced<std::string>& out) {
  if (!node || !node->is_scalar()) return;
  out.value = node->text;
  out.origin = node->origin;
}

bool says_something(const Node* node) { return node && node->is_scalar() && !node->text.empty(); }

void describe(Resource& resource, const Node& root) {
  take_text(root.find("apiVersion"), resource.api_version);
  take_text(root.find("kind"), resource.kind);
  if (const Node* metadata = root.find("metadata")) {
    take_text(metadata->find("namespace"), resource.ns);
    take_text(metadata->find("name"), resource.name);
  }
}

void unfold(Node&& root, Resources& out, Diagnostics& found) {
  const Node* api_version = root.find("apiVersion");
  const Node* kind = root.find("kind");
  if (!api_version && !kind) {
    if (is_openapi(root))
      out.apis.push_back(std::move(root));
    else
      ++out.skipped;
    return;
  }
  if (const bool no_version = !says_something(api_version); no_version || !says_something(kind)) {
    const Node& place = no_version ? (kind ? *kind : root) : *api_version;
    found
        .error("missing-field", place.range(),
               fmt::format("a Kubernetes object needs '{}'", no_version ? "apiVersion" : "kind"))
        .object = to_resource(root).ref();
    return;
  }
  if (Node* items = root.find("items"); items && items->is_sequence() && kind->text.ends_with("List")) {
    for (Node& item : items->children) unfold(std::move(item), out, found);
    return;
  }
  Resource& resource = out.all.emplace_back();
  describe(resource, root);
  resource.root = std::move(root);
}

}  // namespace

bool is_openapi(const Node& document) {
  const Node* paths = document.find("paths");
  if (paths == nullptr || !paths->is_mapping()) return false;
  return document.text_at({"openapi"}).starts_with("3.") || document.text_at({"swagger"}) == "2.0";
}

Resource to_resource(Node root) {
  Resource resource;
  describe(resource, root);
  resource.root = std::move(root);
  return resource;
}

std::string_view Resource::group() const {
  const std::string_view text = *api_version;
  const auto slash = text.find('/');
  return slash == text.npos ? std::string_view{} : text.substr(0, slash);
}

std::string_view Resource::version() const {
  const std::string_view text = *api_version;
  return text.substr(text.find('/') + 1);  // npos + 1 is 0: the core group has no slash
}

Resources read_resources(std::string_view text, std::uint16_t file, Diagnostics& found, Workers& workers) {
  Resources out;
  auto documents = parse_yaml(text, file, found, workers);
  out.all.reserve(documents.size());
  for (Node& document : documents) unfold(std::move(document), out, found);
  return out;
}

const Table& fields(Tag<Metadata>) {
  // What a manifest taken from a cluster carries is accepted; a misspelled 'lables' is not.
  static const Fields<Metadata> table{
      "metadata",
      {field("name", &Metadata::name, "unique in its namespace and kind"), field("namespace", &Metadata::ns),
       field("labels", &Metadata::labels), field("annotations", &Metadata::annotations),
       ignored("generateName"), ignored("creationTimestamp"), ignored("deletionGracePeriodSeconds"),
       ignored("deletionTimestamp"), ignored("finalizers"), ignored("generation"), ignored("managedFields"),
       ignored("ownerReferences"), ignored("resourceVersion"), ignored("selfLink"), ignored("uid")}};
  return table;
}

}  // namespace marty::manifest
