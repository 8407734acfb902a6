#include "node/node.h"

#include <utility>

#include "node/impl.h"

namespace distkv::node {

Node::Node(Config config, const Host& host, uint64_t seed)
    : impl_(std::make_unique<Impl>(std::move(config), host, seed)) {}
Node::~Node() = default;

void Node::start(std::function<void(base::Status)> started) { impl_->start(std::move(started)); }
void Node::stop(std::function<void(base::Status)> stopped) { impl_->stop(std::move(stopped)); }
bool Node::is_serving() const { return impl_->is_serving(); }

void Node::put(const wire::PutRequest& request, std::function<void(const wire::PutReply&)> done) {
  impl_->put(request, std::move(done));
}
void Node::get(const wire::GetRequest& request, std::function<void(const wire::GetReply&)> done) {
  impl_->get(request, std::move(done));
}
void Node::status(std::function<void(const wire::StatusReply&)> done) { impl_->status(done); }
void Node::explain(const wire::ExplainRequest& request,
                   std::function<void(const wire::ExplainReply&)> done) {
  impl_->explain(request, std::move(done));
}
void Node::checkpoint(const wire::CheckpointRequest& request,
                      std::function<void(const wire::CheckpointReply&)> done) {
  impl_->checkpoint(request, std::move(done));
}

void Node::hints(const wire::HintsRequest& request,
                 std::function<void(const wire::HintsReply&)> done) {
  impl_->hints(request, std::move(done));
}

void Node::arrived(base::ConnectionId from) { impl_->arrived(from); }
void Node::end_request(base::ConnectionId from, size_t frame_bytes) {
  impl_->end_request(from, frame_bytes);
}

std::string Node::greeting() { return impl_->greeting(); }
void Node::on_datagram(const base::Endpoint& from, std::string_view packet) {
  impl_->on_datagram(from, packet);
}
bool Node::on_header(base::ConnectionId from, const wire::FrameHeader& header) {
  return impl_->on_header(from, header);
}
void Node::on_request(base::ConnectionId from, const wire::FrameView& frame) {
  impl_->on_request(from, frame);
}
void Node::on_reply(const base::Endpoint& from, const wire::FrameView& frame) {
  impl_->on_reply(from, frame);
}
void Node::on_peer_lost(const base::Endpoint& to) { impl_->on_peer_lost(to); }
void Node::on_connection_closed(base::ConnectionId connection) {
  impl_->on_connection_closed(connection);
}

const base::NodeId& Node::id() const { return impl_->id(); }
const replica::HashTree& Node::hash_tree() const { return impl_->hash_tree(); }
const Admission& Node::admission() const { return impl_->admission(); }
void Node::mark_dirty(base::PartitionId partition) { impl_->mark_dirty(partition); }
const ring::LiveLayouts& Node::layouts() const { return impl_->layouts(); }
const std::set<base::PartitionId>& Node::dirty_partitions() const {
  return impl_->dirty_partitions();
}

}  // namespace distkv::node
