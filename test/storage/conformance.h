// What every storage engine must do, as doctest subcases: call each from a test case of the engine
// with a rig that is new each time. An engine that passes them and the model test may be used.
#pragma once

#include "storage/rigs.h"

namespace distkv::storage::test {

void check_reads(Rig& rig);
void check_lookups(Rig& rig);
void check_updates(Rig& rig);
void check_order(Rig& rig);
void check_durability(Rig& rig);
void check_syncs(Rig& rig);
void check_batches(Rig& rig);
void check_scans(Rig& rig);
void check_snapshots(Rig& rig);
void check_drops(Rig& rig);

}  // namespace distkv::storage::test
