#include "runtime/connections.h"

#include <string>
#include <utility>

#include "base/timers.h"
#include "runtime/stream.h"
#include "wire/frame.h"

namespace distkv::runtime {

class Connections::Connection final : public StreamEvents {
 public:
  Connection(Connections& table, base::ConnectionId id)
      : table_(table), id_(id), stream_(table.outbox_, *this) {
    reader_.set_judge(
        [this](const wire::FrameHeader& header) { return table_.events_.on_header(id_, header); });
  }
  ~Connection() override {
    table_.reply_bytes_queued_ -= bytes_counted_;
    timers().stop(close_timer_);
  }

  base::Status accept(uv_stream_t* server) { return stream_.accept(server); }
  // False if the bound is passed; nothing was queued then.
  bool reply(std::string_view frame);
  void close_when_written();
  void end(const base::Status& why) { stream_.end(why); }
  // Something is unfinished, and no byte of it moved since this was asked before.
  bool is_stalled();
  const std::string& remote() const { return stream_.remote(); }

  void on_bytes(std::string_view bytes) override;
  void on_written() override;
  void on_end(const base::Status& why) override;

 private:
  // What is unfinished, and how far it has got.
  struct Progress {
    bool is_reading = false;  // A frame.
    bool is_writing = false;
    uint64_t read = 0;
    uint64_t written = 0;
  };

  bool on_frame(const wire::FrameView& frame);
  void count_queued();
  base::Timers& timers() { return table_.outbox_.loop().timers(); }

  Connections& table_;
  base::ConnectionId id_;
  Stream stream_;
  wire::FrameReader reader_{wire::kClientFrameBytesMax};
  base::TimerId close_timer_;
  size_t bytes_counted_ = 0;  // Of its replies, in the table's sum.
  uint64_t bytes_read_ = 0;   // Ever.
  uint64_t bytes_replied_ = 0;
  Progress progress_;  // At the last sweep.
  bool has_had_frame_ = false;
  bool is_closing_ = false;
  bool is_paused_ = false;
};

bool Connections::Connection::reply(std::string_view frame) {
  if (is_closing_) return true;
  if (stream_.bytes_queued() + frame.size() > kReplyQueueBytesMax) {
    is_closing_ = true;
    return false;
  }
  stream_.queue(frame);
  bytes_replied_ += frame.size();
  count_queued();
  if (!is_paused_ && stream_.bytes_queued() > kReplyQueuePauseBytes) {
    is_paused_ = true;
    ++table_.outbox_.stats().reads_paused;
    stream_.set_reading(false);
  }
  return true;
}

void Connections::Connection::count_queued() {
  table_.reply_bytes_queued_ += stream_.bytes_queued() - bytes_counted_;
  bytes_counted_ = stream_.bytes_queued();
}

bool Connections::Connection::is_stalled() {
  const size_t unwritten = stream_.bytes_unwritten();
  // Who is not read from cannot finish its frame.
  const Progress now{reader_.is_within_frame() && !is_paused_, unwritten > 0, bytes_read_,
                     bytes_replied_ - unwritten};
  const Progress before = std::exchange(progress_, now);
  return (before.is_reading && now.is_reading && before.read == now.read) ||
         (before.is_writing && now.is_writing && before.written == now.written);
}

void Connections::Connection::close_when_written() {
  if (is_closing_) return;
  is_closing_ = true;
  close_timer_ = timers().start(kCloseTimeout, [this] {
    stream_.end({base::Code::kTimedOut, "does not read its last replies"});
  });
  stream_.end_when_written();
}

void Connections::Connection::on_bytes(std::string_view bytes) {
  bytes_read_ += bytes.size();
  const base::Status status =
      reader_.feed(bytes, [this](const wire::FrameView& frame) { return on_frame(frame); });
  if (status.is_ok()) return;
  ++table_.outbox_.stats().frames_refused;
  table_.log_.warn("connection_refused_bytes",
                   {{"remote", stream_.remote()}, {"reason", status.to_string()}});
  stream_.end(status);
}

bool Connections::Connection::on_frame(const wire::FrameView& frame) {
  ++table_.outbox_.stats().frames_received;
  if (!has_had_frame_ && frame.type == wire::MessageType::kGreeting) {
    reader_.set_frame_bytes_max(wire::kPeerFrameBytesMax);
  }
  has_had_frame_ = true;
  table_.events_.on_request(id_, frame);
  return !is_closing_;
}

void Connections::Connection::on_written() {
  count_queued();
  if (!is_paused_ || is_closing_ || stream_.bytes_queued() > kReplyQueuePauseBytes) return;
  is_paused_ = false;
  stream_.set_reading(true);
}

void Connections::Connection::on_end(const base::Status& why) {
  table_.log_.debug("connection_closed",
                    {{"remote", stream_.remote()}, {"reason", why.to_string()}});
  table_.forget(id_);
}

Connections::Connections(Outbox& outbox, wire::NetworkEvents& events, base::Log& log,
                         base::Duration stall_sweep)
    : outbox_(outbox), events_(events), log_(log), stall_sweep_(stall_sweep) {
  sweep_timer_ = outbox_.loop().timers().start(stall_sweep_, [this] { sweep(); });
}

Connections::~Connections() { outbox_.loop().timers().stop(sweep_timer_); }

void Connections::sweep() {
  sweep_timer_ = outbox_.loop().timers().start(stall_sweep_, [this] { sweep(); });
  std::vector<base::ConnectionId> stalled;
  for (const auto& [id, connection] : table_) {
    if (connection->is_stalled()) stalled.push_back(id);
  }
  for (const base::ConnectionId id : stalled) {
    Connection* const connection = find(id);
    if (connection == nullptr) continue;
    log_.warn("connection_stalled", {{"remote", connection->remote()}});
    connection->end({base::Code::kTimedOut, "stands still in the middle of a frame or a reply"});
  }
}

void Connections::accept(uv_stream_t* server, size_t limit) {
  const base::ConnectionId id(++last_id_);
  auto connection = std::make_unique<Connection>(*this, id);
  if (!connection->accept(server).is_ok()) return;
  if (table_.size() >= limit) {
    ++outbox_.stats().connections_refused;
    return log_refusal();
  }
  ++outbox_.stats().connections_accepted;
  table_.emplace(id, std::move(connection));
}

void Connections::log_refusal() {
  const base::MonotonicTime now = outbox_.loop().now();
  if (now < quiet_until_) return;
  quiet_until_ = now + kRefusalLogInterval;
  log_.warn("connections_exhausted", {{"connections", table_.size()},
                                      {"refused_total", outbox_.stats().connections_refused}});
}

Connections::Connection* Connections::find(base::ConnectionId id) {
  const auto found = table_.find(id);
  return found == table_.end() ? nullptr : found->second.get();
}

void Connections::reply(base::ConnectionId to, std::string_view frame) {
  Connection* const connection = find(to);
  if (connection == nullptr) return;
  ++outbox_.stats().frames_queued;
  if (connection->reply(frame)) return;
  overflowing_.push_back(to);
  outbox_.loop().request_turn();
}

void Connections::close(base::ConnectionId id) {
  Connection* const connection = find(id);
  if (connection != nullptr) connection->close_when_written();
}

void Connections::on_turn_end() {
  const std::vector<base::ConnectionId> overflowing = std::exchange(overflowing_, {});
  for (const base::ConnectionId id : overflowing) {
    Connection* const connection = find(id);
    if (connection == nullptr) continue;
    log_.warn("connection_not_reading",
              {{"remote", connection->remote()}, {"queued_bytes_max", kReplyQueueBytesMax}});
    connection->end({base::Code::kOverloaded, "does not read its replies"});
  }
}

// The last thing a connection does: it is destroyed here.
void Connections::forget(base::ConnectionId id) {
  table_.erase(id);
  events_.on_connection_closed(id);
}

}  // namespace distkv::runtime
