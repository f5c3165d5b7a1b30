#include "io/loop_transport.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>

#include "io/listener.hpp"
#include "io/socket_driver.hpp"

namespace marty::io {
namespace {

constexpr Duration kListenerPause = 100ms;

}  // namespace

void Listener::stop() {
  loop.disarm(*this);
  if (!fd) return;
  loop.unwatch(fd.get(), watch);
  fd.reset();
  if (address.is_unix()) ::unlink(address.local.sun_path);
}

Status Listener::start() {
  auto watched = loop.watch(fd.get(), EPOLLIN, [this](std::uint32_t) { driver.accept(*this); });
  if (!watched) return std::move(watched.error());
  watch = *watched;
  return ok();
}

void Listener::pause_briefly() {
  loop.unwatch(fd.get(), watch);
  loop.arm(*this, loop.now() + kListenerPause);
}

void Listener::on_alarm(Instant now) {
  if (!start()) loop.arm(*this, now + kListenerPause);
}

LoopTransport::LoopTransport(Loop& loop, SocketDriver& driver) : loop_(loop), driver_(driver) {}

LoopTransport::~LoopTransport() {
  loop_.disarm(*this);
  listeners_.clear();
  driver_.detach(*this);
}

Actor& LoopTransport::actor() const {
  MARTY_ASSERT(actor_ != nullptr);
  return *actor_;
}

Status LoopTransport::listen(ListenerId id, const Address& address, Security security) {
  if (security != Security::kPlaintext && !tls_) {
    return Error{
        ErrorCode::kEnvironment, "listening with TLS on " + address.text + " needs an identity first", {}};
  }
  auto parsed = parse_address(address);
  if (!parsed) return std::move(parsed.error());
  auto fd = open_listener(*parsed);
  if (!fd) return std::move(fd.error());
  auto listener = std::make_shared<Listener>(loop_, *this, driver_);
  listener->id = id;
  listener->security = security;
  listener->address = local_address(fd->get());
  listener->fd = std::move(*fd);
  MARTY_TRY(listener->start());
  listeners_.push_back(std::move(listener));
  return ok();
}

Address LoopTransport::bound_address(ListenerId id) const {
  for (const auto& listener : listeners_) {
    if (listener->id == id) return {listener->address.text()};
  }
  return {};
}

void LoopTransport::unlisten(ListenerId id) {
  std::erase_if(listeners_, [id](const auto& listener) {
    if (listener->id != id) return false;
    listener->stop();
    return true;
  });
}

Status LoopTransport::set_identity(const Identity& identity) {
  auto context = TlsContext::create(identity);
  if (!context) return std::move(context.error());
  tls_ = std::move(*context);
  return ok();
}

ConnId LoopTransport::connect(const Address& address, const ConnectOptions& options) {
  return driver_.connect(*this, address, options);
}
void LoopTransport::write(ConnId id, std::string_view bytes) { driver_.write(id, bytes); }
std::size_t LoopTransport::unsent(ConnId id) const { return driver_.unsent(id); }
void LoopTransport::pause(ConnId id, bool paused) { driver_.pause(id, paused); }
void LoopTransport::close(ConnId id) { driver_.close(id); }
void LoopTransport::abort(ConnId id) { driver_.abort(id); }
Peer LoopTransport::peer(ConnId id) const { return driver_.peer(id); }

void LoopTransport::wake_at(Instant when) {
  if (when < at) loop_.arm(*this, when);
}

void LoopTransport::on_alarm(Instant now) { actor().on_timer(now); }

}  // namespace marty::io
