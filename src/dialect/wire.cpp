#include "dialect/wire.hpp"

#include <fmt/format.h>

#include "policy/ip_block.hpp"

namespace marty::dialect {

using namespace manifest;
using policy::IpBlock;

SourceRange range_of(const Text& text) {
  return {text.origin, static_cast<std::uint16_t>(std::min<std::size_t>(text->size(), UINT16_MAX))};
}

void check_network(const Network& network, Reader& reader) {
  const auto parse = [&](const Text& text) {
    const auto block = IpBlock::parse(*text);
    if (!block)
      reader.error("invalid-value", range_of(text),
                   fmt::format("'{}' is no block of addresses such as 10.0.0.0/8", *text));
    return block;
  };
  const auto all = parse(network.cidr);
  for (const auto& text : network.except) {
    const auto part = parse(text);
    if (!all || !part || (all->contains(part->base) && part->bits > all->bits)) continue;
    reader
        .error("invalid-value", range_of(text), fmt::format("'{}' is not a part of {}", *text, *network.cidr))
        .notes.push_back({range_of(network.cidr), "the block it should be a part of"});
  }
}

const Table& fields(Tag<Network>) {
  static const Fields<Network> table{
      "Network",
      {field("cidr", &Network::cidr, kRequired, "a block such as 10.0.0.0/8, or an address"),
       field("except", &Network::except, "parts of the block that do not count")},
      [](const Network& network, const Node&, Reader& reader) { check_network(network, reader); }};
  return table;
}

}  // namespace marty::dialect
