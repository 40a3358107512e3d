/* SPDX-License-Identifier: MIT */
/* The Castagnoli checksum (RFC 9260, appendix A), as the PROXY protocol uses it. */
#ifndef LBPAIR_COMMON_PURE_CRC32C_H
#define LBPAIR_COMMON_PURE_CRC32C_H

#include "common/pure/base.h"

/* `sum` is 0 at first, then what the bytes before gave. */
uint32_t crc32c_add(uint32_t sum, const void *bytes, size_t size);

#endif
