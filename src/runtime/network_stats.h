// What the sockets of one node did, counted since its start. Plain numbers of the loop's thread.
#pragma once

#include <cstdint>

namespace distkv::runtime {

struct NetworkStats {
  uint64_t stream_writes = 0;  // System calls that wrote to a stream.
  uint64_t stream_bytes_written = 0;
  uint64_t stream_reads = 0;
  uint64_t stream_bytes_read = 0;
  uint64_t frames_queued = 0;
  uint64_t frames_received = 0;
  uint64_t frames_refused = 0;  // Streams closed for bytes that are no frames.
  uint64_t sends_overloaded = 0;
  uint64_t reads_paused = 0;  // Connections told to wait because their replies pile up.
  uint64_t connections_accepted = 0;
  uint64_t connections_refused = 0;  // Over the limit.
  uint64_t peers_lost = 0;
  uint64_t datagrams_sent = 0;
  uint64_t datagrams_dropped = 0;  // The kernel's buffer was full, or the name did not resolve.
  uint64_t datagrams_received = 0;
};

}  // namespace distkv::runtime
