#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dialect/generate.hpp"
#include "manifest/memory_tree.hpp"

/// Policy files to generate trees from, for tests.
namespace marty::dialect::cases {

constexpr const char* kStart =
    "apiVersion: marty.dev/v1\nkind: ServiceMesh\nmetadata: {name: shop, namespace: market}\n"
    "spec:\n  service: {name: shop-service, port: 8080}\n";

/// They differ in what they leave out; the petstore's own comes first.
std::vector<std::string> all();
/// The policies of a text; nothing when it has errors.
std::optional<mesh::PolicyFile> policies(const std::string& text);
/// The files below "out/", without links.
manifest::MemoryTree written(const std::vector<GeneratedFile>&);
std::string text_of(const std::string& path);

}  // namespace marty::dialect::cases
