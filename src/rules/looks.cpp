#include "rules/looks.hpp"

namespace marty::rules {

void each(const Estate::Objects& objects, std::span<const Look> looks, Report& report) {
  if (objects.empty()) return;
  std::vector<Way> ways;
  for (const auto& look : looks) ways.push_back(look.way);
  each(objects.found(), ways, [&](std::size_t object, std::size_t way, const Place& place) {
    looks[way].check(*objects[object], place, report);
  });
}

}  // namespace marty::rules
