#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/actor.hpp"
#include "io/connection.hpp"
#include "io/listener.hpp"

namespace marty::io {

/// Moves bytes between sockets and actors for one loop, on edge-triggered readiness. A completion-based
/// driver (io_uring) would be another class with these same public functions; actors and transports would not
/// notice.
class SocketDriver {
 public:
  SocketDriver(Loop&, int epoll);
  ~SocketDriver();

  // What transports ask for; see Transport.
  ConnId connect(LoopTransport&, const Address&, const ConnectOptions&);
  void write(ConnId, std::string_view bytes);
  std::size_t unsent(ConnId);
  void pause(ConnId, bool paused);
  void close(ConnId);
  void abort(ConnId);
  Peer peer(ConnId);
  void detach(LoopTransport&);
  void accept(Listener&);

  // What the loop tells.
  void on_event(ConnId, std::uint32_t events);
  /// Goes on with what earlier turns or this one left to do: resumed, drained or not fully read connections.
  void run_ready();
  /// Sends what was written, one system call per connection; then frees the slots of closed connections.
  void end_turn();
  bool has_work() const { return !ready_.empty() || !dirty_.empty(); }
  void on_deadline(Connection&);
  std::size_t open_connections() const { return table_.size() - dead_.size(); }

 private:
  using State = Connection::State;
  Connection* live(ConnId);
  Connection& add(int fd, LoopTransport&);
  bool enroll(Connection&);
  void mark_dirty(Connection&);
  void queue(Connection&);

  // Setting up (socket_driver_open.cpp)
  void open_socket(Connection&, const SocketAddress&, const ConnectOptions&);
  void fail_connect(Connection&, int error_number);
  void finish_connect(Connection&);
  void announce(Connection&);
  void on_first_byte(Connection&, std::string_view bytes);
  void on_handshake_bytes(Connection&, std::string_view bytes);
  void reject(Connection&, ClosedBy, std::string_view reason);

  // Receiving
  void receive(Connection&);
  void receive_bytes(Connection&, std::string_view bytes);
  void receive_cipher(Connection&, std::string_view bytes);
  void note_tls_use(Connection&);
  void release_quiet_tls();
  void show(Connection&, std::string_view fresh);
  void show_kept(Connection&);
  void tell_end(Connection&);
  void go_on(Connection&);

  // Sending and closing (socket_driver_close.cpp)
  void flush(Connection&);
  void send_wire(Connection&);
  void ask_writable(Connection&);
  void begin_close(Connection&);
  void start_linger(Connection&);
  void linger(Connection&);
  void reset(Connection&);
  void destroy(Connection&);

  Loop& loop_;
  int epoll_;
  BufferPool pool_;
  ConnectionTable table_;
  std::vector<ConnId> dirty_;
  std::vector<ConnId> ready_;
  std::vector<ConnId> running_;  ///< run_ready()'s share of ready_, kept for its storage
  std::vector<Connection*> dead_;
  std::vector<ConnId> tls_active_;
  CallbackAlarm quiet_tls_{[this](Instant) { release_quiet_tls(); }};
  std::unique_ptr<char[]> received_;   ///< one recv's bytes
  std::unique_ptr<char[]> decrypted_;  ///< the same after decryption
};

}  // namespace marty::io
