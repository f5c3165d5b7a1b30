#include "policy/ip_block.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

TEST(IpBlock, ReadsAddresses) {
  for (const char* good :
       {"0.0.0.0", "255.255.255.255", "127.66.0.11", "::", "::1", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8",
        "::ffff:10.0.0.1", "1:2:3:4:5:6:10.0.0.1", "ABCD::", "1:2:3:4:5:6:7::"})
    EXPECT_TRUE(parse_ip(good)) << good;
  for (const char* bad : {"",
                          "1",
                          "1.2.3",
                          "1.2.3.4.5",
                          "256.0.0.1",
                          "1.2.3.",
                          ".1.2.3",
                          "1..2.3",
                          "a.b.c.d",
                          "0001.2.3.4",
                          ":",
                          ":::",
                          "1:2",
                          "1::2::3",
                          "12345::",
                          "1:2:3:4:5:6:7:8:9",
                          "1:2:3:4:5:6:7:",
                          ":1:2:3:4:5:6:7",
                          "fe80::1%eth0",
                          "1:2:3:4:5:6:7:1.2.3.4",
                          "::1.2.3",
                          "1::2:3:4:5:6:7:8",
                          "-1.2.3.4",
                          "+1.2.3.4"})
    EXPECT_FALSE(parse_ip(bad)) << bad;
  EXPECT_EQ(parse_ip("10.0.0.1"), parse_ip("::ffff:10.0.0.1"));
}

TEST(IpBlock, Contains) {
  const struct {
    const char *block, *address;
    bool inside;
  } table[] = {
      {"10.0.0.0/8", "10.255.1.2", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.1.2.3", "10.1.2.3", true},
      {"10.1.2.3", "10.1.2.4", false},
      {"192.168.4.0/22", "192.168.7.255", true},
      {"192.168.4.0/22", "192.168.8.0", false},
      {"192.168.4.9/22", "192.168.5.0", true},
      {"0.0.0.0/0", "8.8.8.8", true},
      {"0.0.0.0/0", "fe80::1", false},
      {"fe80::/10", "febf::1", true},
      {"fe80::/10", "fec0::1", false},
      {"::/0", "::1", true},
      {"::1/128", "::1", true},
  };
  for (const auto& row : table) {
    const auto block = IpBlock::parse(row.block);
    ASSERT_TRUE(block) << row.block;
    EXPECT_EQ(block->contains(*parse_ip(row.address)), row.inside) << row.block << " " << row.address;
  }
  for (const char* bad :
       {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "/8", "::/129", "10.0.0/8", "10.0.0.0/8/8"})
    EXPECT_FALSE(IpBlock::parse(bad)) << bad;
}

}  // namespace
}  // namespace marty::policy
