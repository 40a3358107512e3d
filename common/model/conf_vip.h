/* SPDX-License-Identifier: MIT */
/* What a vip's options say together: what each version and family of VRRP can, and the addresses that it wants. */
#ifndef LBPAIR_COMMON_MODEL_CONF_VIP_H
#define LBPAIR_COMMON_MODEL_CONF_VIP_H

#include "common/model/conf.h"
#include "common/model/conf_error.h"
#include "common/model/conf_item.h"

/* Adds an error for each option of the vip's section that does not go with another. */
void conf_vip_check(const struct conf *conf, const struct conf_item *vip, struct conf_errors *errors);

/*
 * Fills has_ipv4 and has_ipv6, and puts a link-local address in front of the IPv6 ones (RFC 9568 section 5.2.9): the
 * vip's own, else the one that its vrid gives. -ENOMEM; -EINVAL: there is no room for it, and an error was added.
 */
MUST_USE int conf_vip_complete(struct conf *conf, const struct conf_item *vip, struct conf_errors *errors);

#endif
