#include <fmt/format.h>

#include "kustomize/field_spec.hpp"
#include "kustomize/transformers.hpp"
#include "policy/string_match.hpp"

namespace marty::kustomize {

namespace {

struct Image {
  std::string name, tag, digest;
};

/// "registry:5000/app:1.2@sha256:…"; a colon before the first slash belongs to the host.
Image split(const std::string& text) {
  auto slash = text.find('/');
  if (slash == text.npos) slash = 0;
  const auto at = text.find('@', slash);
  auto colon = text.find(':', slash);
  if (colon > at) colon = text.npos;
  const auto end_of_tag = std::min(at, text.size());
  Image out;
  out.name = text.substr(0, std::min(colon, end_of_tag));
  if (colon != text.npos) out.tag = text.substr(colon + 1, end_of_tag - colon - 1);
  if (at != text.npos) out.digest = text.substr(at + 1);
  return out;
}

class ImageWriter {
 public:
  ImageWriter(const ImageEntry& entry, std::shared_ptr<const policy::Regex> matches, Diagnostics& found)
      : entry_(entry), matches_(std::move(matches)), found_(found) {}

  void write(Object& object) {
    if (object.kind() == "CustomResourceDefinition") return;
    anywhere(object.root);
    for (const FieldSpec& spec : specs_) {
      const auto path = split_path(spec.path, '/');
      if (!visit_field(object.root, path, Create::kNo, {}, [this](Node& node) { return set(node); }))
        report_no_place(object, spec.path, {entry_.origin, 0}, found_);
    }
  }

 private:
  /// Whatever is called containers or initContainers is taken for pods' containers, at any depth.
  void anywhere(Node& node) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      Node& value = node.children[node.is_mapping() ? 2 * i + 1 : i];
      anywhere(value);
      if (!node.is_mapping() || !value.is_sequence()) continue;
      const std::string& key = node.children[2 * i].text;
      if (key != "containers" && key != "initContainers") continue;
      for (Node& item : value.children) {
        if (Node* image = item.find("image")) set(*image);
      }
    }
  }

  bool set(Node& node) {
    if (!node.is_scalar()) return node.is_null();
    if (!matches_->matches_all_of(node.text)) return true;
    Image image = split(node.text);
    Origin by = entry_.origin;
    const auto take = [&](const Text& text) {
      if (text.written()) by = text.origin;
      return *text;
    };
    if (!entry_.new_name->empty()) image.name = take(entry_.new_name);
    if (!entry_.new_tag->empty() || !entry_.digest->empty()) {
      image.digest = take(entry_.digest);
      image.tag = take(entry_.new_tag);
    } else if (!entry_.tag_suffix->empty()) {
      image.tag += take(entry_.tag_suffix);
      image.digest.clear();
    }
    std::string text = image.name;
    if (!image.tag.empty()) text += ":" + image.tag;
    if (!image.digest.empty()) text += "@" + image.digest;
    if (text != node.text) node = Node::string(std::move(text), by);
    return true;
  }

  const ImageEntry& entry_;
  std::shared_ptr<const policy::Regex> matches_;
  const FieldSpecs specs_ = image_fields();
  Diagnostics& found_;
};

}  // namespace

void set_images(const Kustomization& kustomization, Objects& objects, Diagnostics& found) {
  for (const ImageEntry& entry : kustomization.images) {
    std::string why;
    const auto matches =
        policy::Regex::compile(*entry.name + "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?", why);
    if (!matches) {
      found.error("kustomize-image", range_of(entry.name), fmt::format("this is no image name: {}", why));
      continue;
    }
    ImageWriter writer(entry, matches, found);
    for (Object& object : objects) writer.write(object);
  }
}

}  // namespace marty::kustomize
