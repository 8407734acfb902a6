#include "sim/trace.h"

#include <cinttypes>
#include <string>

#include "base/codec.h"
#include "base/hash.h"
#include "wire/frame.h"

namespace distkv::sim {

namespace {
std::string_view name_of_type(uint8_t type) {
  switch (static_cast<wire::MessageType>(type)) {
    case wire::MessageType::kError:
      return "Error";
    case wire::MessageType::kPutRequest:
      return "PutRequest";
    case wire::MessageType::kPutReply:
      return "PutReply";
    case wire::MessageType::kGetRequest:
      return "GetRequest";
    case wire::MessageType::kGetReply:
      return "GetReply";
    case wire::MessageType::kStatusRequest:
      return "StatusRequest";
    case wire::MessageType::kStatusReply:
      return "StatusReply";
    case wire::MessageType::kExplainRequest:
      return "ExplainRequest";
    case wire::MessageType::kExplainReply:
      return "ExplainReply";
    case wire::MessageType::kCheckpointRequest:
      return "CheckpointRequest";
    case wire::MessageType::kCheckpointReply:
      return "CheckpointReply";
    case wire::MessageType::kGreeting:
      return "Greeting";
    case wire::MessageType::kApplyRequest:
      return "ApplyRequest";
    case wire::MessageType::kApplyReply:
      return "ApplyReply";
    case wire::MessageType::kReadRequest:
      return "ReadRequest";
    case wire::MessageType::kReadReply:
      return "ReadReply";
    case wire::MessageType::kJoinRequest:
      return "JoinRequest";
    case wire::MessageType::kJoinReply:
      return "JoinReply";
    case wire::MessageType::kLayoutRequest:
      return "LayoutRequest";
    case wire::MessageType::kLayoutReply:
      return "LayoutReply";
    case wire::MessageType::kMembersRequest:
      return "MembersRequest";
    case wire::MessageType::kMembersReply:
      return "MembersReply";
    case wire::MessageType::kTransferDone:
      return "TransferDone";
    case wire::MessageType::kPullRequest:
      return "PullRequest";
    case wire::MessageType::kPullReply:
      return "PullReply";
    case wire::MessageType::kGossip:
      return "Gossip";
  }
  return "part";
}
}  // namespace

std::string_view name_of(EventKind kind) {
  switch (kind) {
    case EventKind::kDatagram:
      return "datagram";
    case EventKind::kBytes:
      return "bytes";
    case EventKind::kAccepted:
      return "accepted";
    case EventKind::kOpened:
      return "opened";
    case EventKind::kPeerLost:
      return "peer_lost";
    case EventKind::kConnectionClosed:
      return "connection_closed";
    case EventKind::kWake:
      return "wake";
    case EventKind::kDisk:
      return "disk";
    case EventKind::kStart:
      return "start";
    case EventKind::kCrash:
      return "crash";
    case EventKind::kPause:
      return "pause";
    case EventKind::kResume:
      return "resume";
    case EventKind::kFault:
      return "fault";
    case EventKind::kInvoke:
      return "invoke";
    case EventKind::kReturn:
      return "return";
    case EventKind::kLog:
      return "log";
    case EventKind::kRecord:
      return "record";
    case EventKind::kStop:
      return "stop";
    case EventKind::kOperation:
      return "operation";
  }
  return "unrecognised";
}

std::string describe_frame(std::string_view bytes) {
  if (bytes.size() < wire::kFrameHeaderBytes) return "";
  base::Reader reader(bytes);
  const uint32_t length = reader.u32();
  const uint8_t version = reader.u8();
  const uint8_t type = reader.u8();
  if (version != wire::kProtocolVersion || reader.u16() != 0) return "";
  std::string text(name_of_type(type));
  return text.append("#")
      .append(std::to_string(reader.u64()))
      .append(" ")
      .append(std::to_string(length + 4));
}

void Trace::print_prefix(MachineIndex machine, EventKind kind) {
  const int64_t nanoseconds = scheduler_.elapsed().count();
  std::fprintf(out_, "%5" PRId64 ".%09" PRId64 " m%-2u %-17s ", nanoseconds / 1000000000,
               nanoseconds % 1000000000, machine.value, std::string(name_of(kind)).c_str());
}

void Trace::record(MachineIndex machine, EventKind kind, std::string_view bytes) {
  std::string link;
  base::Writer writer(link);
  writer.id128(hash_);
  writer.u64(static_cast<uint64_t>(scheduler_.elapsed().count()));
  writer.u32(machine.value);
  writer.u8(static_cast<uint8_t>(kind));
  writer.u64(base::hash64(bytes));
  hash_ = base::hash128(link);
  if (out_ == nullptr) return;
  print_prefix(machine, kind);
  std::fprintf(out_, "%s [%zu bytes, trace %s]\n", describe_frame(bytes).c_str(), bytes.size(),
               hash_.to_hex().substr(0, 8).c_str());
}

void Trace::note(MachineIndex machine, EventKind kind, std::string_view text) {
  if (out_ == nullptr) return;
  print_prefix(machine, kind);
  std::fprintf(out_, "%.*s\n", static_cast<int>(text.size()), text.data());
}

}  // namespace distkv::sim
