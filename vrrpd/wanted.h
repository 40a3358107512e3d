/* SPDX-License-Identifier: MIT */
/* What a configuration asks of the parts of vrrpd. Pure. */
#ifndef LBPAIR_VRRPD_WANTED_H
#define LBPAIR_VRRPD_WANTED_H

#include "common/model/conf.h"
#include "vrrpd/family.h"

/* Whether some vip's adverts are signed. */
bool wanted_key(const struct conf *conf);
/* The node beside `self`; NULL: the configuration has that one alone. */
const struct node_conf *wanted_other(const struct conf *conf, const struct node_conf *self);
/* Whether some vip is of that family. */
bool wanted_family(const struct conf *conf, enum family family);
/* The shortest advert-interval; a second where there is no vip. */
int64_t wanted_interval_ns(const struct conf *conf);
/* The guardian's threshold (DESIGN section 5.2). */
int64_t wanted_threshold_ns(const struct conf *conf);
/* Whether all vips' leases are renewed in one burst (lease.h). */
bool wanted_together(const struct conf *conf);

#endif
