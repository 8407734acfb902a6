#include "storage/lsm/sst/format.h"

#include <string>

#include "base/codec.h"
#include "base/hash.h"

namespace distkv::storage::lsm {

BlockSeed::BlockSeed(StoreId store, FileId file) {
  std::string identity;
  base::Writer writer(identity);
  writer.id128(store.value());
  writer.u64(file.value());
  of_file_ = base::hash64(identity);
}

}  // namespace distkv::storage::lsm
