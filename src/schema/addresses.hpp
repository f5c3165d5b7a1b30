#pragma once

#include <string_view>

/// IP addresses and networks as Go's net package reads them.
namespace marty::schema {

bool is_ipv4(std::string_view);
bool is_ipv6(std::string_view);
bool is_ip(std::string_view);
bool is_cidr(std::string_view);

}  // namespace marty::schema
