// The seam behind which the memory engine's writes become durable. The simulator puts a disk with
// delays, crashes and failures there; without a journal every write is durable at once.
#pragma once

#include <vector>

#include "storage/engine.h"

namespace distkv::storage::map {

class Journal {
 public:
  virtual ~Journal() = default;

  // Takes one committed batch, already decided, in the engine's order. `durable` runs exactly once,
  // from within append or later, on the engine's thread and in the order of the calls; never after
  // the engine is gone. A batch survives a crash whole or not at all, and only after every batch
  // before it. After a failure the engine appends nothing more.
  virtual void append(std::vector<Write> batch, Done durable) = 0;
};

}  // namespace distkv::storage::map
