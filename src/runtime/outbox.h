// The streams that have something to write at the end of this turn, so that each writes once a
// turn; and the read buffer and counters that all streams of a loop share.
//
// Happy path: Stream::queue adds its stream once; flush() at the end of the turn writes each.
// Failures: none here; a stream whose write fails tells its own owner. Who frees: nothing is owned;
// a stream removes itself before it dies.
#pragma once

#include <cstddef>
#include <vector>

#include "runtime/loop.h"
#include "runtime/network_stats.h"

namespace distkv::runtime {

// One buffer serves every stream of a loop, as bytes are consumed before the next read. It holds a
// turn's worth of small frames; a larger one only helps values that are copied anyway.
inline constexpr size_t kReadBufferBytes = 256 * 1024;
class Stream;

class Outbox {
 public:
  Outbox(Loop& loop, NetworkStats& stats);

  void add(Stream& stream);
  void remove(Stream& stream);
  // Writes; streams may end, and be destroyed, meanwhile. What is added meanwhile stays for the
  // next turn, which is asked for.
  void flush();

  Loop& loop() { return loop_; }
  NetworkStats& stats() { return stats_; }
  std::vector<char>& read_buffer() { return read_buffer_; }

 private:
  Loop& loop_;
  NetworkStats& stats_;
  std::vector<char> read_buffer_;
  std::vector<Stream*> waiting_;
  std::vector<Stream*> flushing_;
};

}  // namespace distkv::runtime
