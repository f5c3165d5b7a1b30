#include "policy/fault.hpp"

#include "policy/share.hpp"

namespace marty::policy {

Duration Fault::draw_delay(Rng& rng) const {
  return delay && drawn(*delay->ppm, rng) ? *delay->fixed : Duration{};
}

bool Fault::draw_abort(Rng& rng) const { return abort && drawn(*abort->ppm, rng); }

}  // namespace marty::policy
