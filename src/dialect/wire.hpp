#pragma once

#include <optional>
#include <string>
#include <vector>

#include "manifest/resource.hpp"

/// Words for what stands in a manifest, for the structs of every kind.
namespace marty::dialect {

using manifest::Tag;
using Text = Sourced<std::string>;
using TextList = std::vector<Text>;
template <class T>
using Maybe = std::optional<Sourced<T>>;

/// Where a text stands, for a finding about all of it.
SourceRange range_of(const Text&);

/// An object as its field table reads it; what is wrong with it is reported, and reading goes on.
template <class Spec>
manifest::Manifest<Spec> decoded(const manifest::Resource& resource, Diagnostics& found) {
  manifest::Manifest<Spec> out;
  manifest::decode(resource.root, out, resource.ref(), found);
  return out;
}

/// A block of addresses without some: `{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}`. A bare address is a block
/// of one.
struct Network {
  Text cidr;
  TextList except;
  Origin origin;
};
const manifest::Table& fields(Tag<Network>);
/// Each text is an address block, and each exception is a part of the block, not all of it.
void check_network(const Network&, manifest::Reader&);

}  // namespace marty::dialect
