#include "io/clock.hpp"

#include <fmt/format.h>
#include <time.h>

namespace marty::io {
namespace {

std::int64_t read_clock(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

Instant now() { return {read_clock(CLOCK_MONOTONIC)}; }
WallTime wall_now() { return {read_clock(CLOCK_REALTIME)}; }

std::string iso8601(WallTime time) {
  using namespace std::chrono;
  const sys_time<nanoseconds> point{nanoseconds{time.ns}};
  const auto day = floor<days>(point);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<milliseconds>(point - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace marty::io
