/* SPDX-License-Identifier: MIT */
/* A new pair key. */
#ifndef LBPAIR_LBCTL_GENKEY_H
#define LBPAIR_LBCTL_GENKEY_H

#include "lbctl/lbctl.h"

/* `lbctl genkey [FILE]`: a line `1 HEX` to stdout, or a new file 0640 root:lbpair, 0600 where there is no such group.
 */
enum lbctl_exit verb_genkey(const struct invocation *invocation);

#endif
