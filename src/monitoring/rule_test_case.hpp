#pragma once

#include "manifest/node.hpp"
#include "monitoring/promql.hpp"

namespace marty::monitoring {

struct Expected {
  Labels labels, annotations;
};

/// One test of promtool's: series as they come in, and what must be alerted or stored at a time.
struct TestCase {
  struct AlertCheck {
    Duration at{};
    std::string alert;
    std::vector<Expected> expected;  ///< all that fire under the name; none: silence
  };
  struct Sample {
    Labels labels;
    double value = 0;
  };
  struct ValueCheck {
    Duration at{};
    std::string expression;  ///< its result has no name: round(…), or nothing at all
    std::vector<Sample> expected;
  };
  std::string name;
  Duration interval{};  ///< between two samples
  std::vector<std::pair<std::string, std::string>> inputs;
  std::vector<AlertCheck> alerts;
  std::vector<ValueCheck> values;
};

/// promtool's file format.
manifest::Node test_file(const std::string& rules, const std::vector<TestCase>&);

}  // namespace marty::monitoring
