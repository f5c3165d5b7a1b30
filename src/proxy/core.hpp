#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "core/object_pool.hpp"
#include "core/timer_queue.hpp"
#include "engine/engine.hpp"
#include "http/writer.hpp"
#include "proxy/response_head.hpp"
#include "proxy/settings.hpp"
#include "proxy/sidecar.hpp"
#include "proxy/stream.hpp"

namespace marty::proxy {

/// The machinery behind Sidecar, in three files: downstream.cpp reads requests, calls.cpp carries each
/// through the engine's verdicts, upstream.cpp keeps connections and reads responses.
class Sidecar::Core {
 public:
  Core(Transport&, std::shared_ptr<const engine::Program>, Rng, Instant now, Duration wall_offset, Settings);
  ~Core();

  void adopt(Instant now, std::shared_ptr<const engine::Program>);
  void drain(Instant now);
  bool drained() const { return downstreams_.in_use() == 0; }
  engine::Engine& engine() { return engine_; }

  void accepted(Instant now, ConnId id);
  void connected(Instant now, ConnId id);
  std::size_t bytes(Instant now, ConnId id, std::string_view bytes);
  void sent(Instant now, ConnId id);
  void closed(Instant now, ConnId id, ClosedBy by);
  void timer(Instant now);

 private:
  // downstream.cpp
  std::size_t read_downstream(Instant now, Downstream& down, std::string_view bytes);
  std::size_t read_head(Instant now, Downstream& down, std::string_view bytes);
  std::size_t read_body(Instant now, Downstream& down, std::string_view bytes);
  void forward_body(Stream& stream, std::string_view payload);
  void request_complete(Instant now, Stream& stream);
  void refuse(Instant now, Downstream& down, const http::ErrorReply& reply);
  void out_of_patience(Instant now, Downstream& down);
  void wait_for(Downstream& down, Downstream::Patience what, Instant until);
  void next_request(Instant now, Downstream& down);
  void pause(Downstream& down);
  void resume(Downstream& down);
  void close_downstream(Downstream& down);
  void downstream_closed(Instant now, Downstream& down);

  // calls.cpp
  void start_call(Instant now, Downstream& down);
  void follow(Instant now, Stream& stream, const engine::Verdict& verdict, Stream::Stage waiting);
  void choose_and_connect(Instant now, Stream& stream);
  void reply(Instant now, Stream& stream, const engine::LocalReply& reply);
  void deadline(Instant now, Stream& stream);
  void arm(Stream& stream);
  void respond_head(Instant now, Stream& stream, const http::ResponseHead& head);
  void respond_done(Instant now, Stream& stream);
  void cut(Instant now, Stream& stream);
  void finish(Instant now, Stream& stream);

  // upstream.cpp
  std::size_t read_upstream(Instant now, Upstream& up, std::string_view bytes);
  std::size_t read_response_head(Instant now, Upstream& up, std::string_view bytes);
  std::size_t read_response_body(Instant now, Upstream& up, std::string_view bytes);
  void skip_for_retry(Instant now, Upstream& up, std::string_view bytes);
  void attach(Instant now, Upstream& up, Stream& stream);
  void try_over(Instant now, Stream& stream, policy::TryFailure failure);
  void release(Instant now, Upstream& up);
  void discard(Upstream& up);
  void forget(Upstream& up);
  void open_for(Instant now, const engine::EndpointRef& ref);
  std::string_view source_for(const Address& to) const;
  void serve_waiting(Instant now, Upstream& up);
  void upstream_closed(Instant now, Upstream& up, ClosedBy by);
  void leave_queue(Stream& stream);
  Pool& pool(std::uint32_t number);

  ResponseStamp stamp(Instant now);
  bool linkerd() const { return engine_.program().mesh_kind == mesh::MeshKind::kLinkerd; }
  void wake();

  Transport& transport_;
  Settings settings_;
  engine::Engine engine_;
  Rng ids_;
  Duration wall_offset_;
  TimerQueue timers_;
  Instant armed_ = Instant::never();
  bool draining_ = false;

  ObjectPool<Downstream> downstreams_;
  ObjectPool<Upstream> upstreams_;
  ObjectPool<Stream> streams_;
  std::unordered_map<ConnId, Downstream*> down_by_id_;
  std::unordered_map<ConnId, Upstream*> up_by_id_;
  std::vector<Pool> pools_;
  std::string out_;  ///< scratch for one message head
  std::string path_scratch_;
  char date_[32] = {};
  std::int64_t date_second_ = -1;
};

}  // namespace marty::proxy
