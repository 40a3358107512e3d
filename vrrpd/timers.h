/* SPDX-License-Identifier: MIT */
/* The spans of RFC 9568 and RFC 3768 sections 6.1, in nanoseconds: at 10 ms and priority 254 the skew is 78.125 us. */
#ifndef LBPAIR_VRRPD_TIMERS_H
#define LBPAIR_VRRPD_TIMERS_H

#include "common/pure/base.h"

/*
 * `priority` is that of the node which waits, `interval_ns` the Active_Adver_Interval: what the active router
 * announced, or one's own while none was heard.
 */

/*
 * Skew_Time: ((256 - priority) x interval) / 256; how long a backup waits after an advert of priority 0. In version 2
 * it is a part of one second, whatever the interval.
 */
int64_t timers_skew_ns(uint8_t version, uint8_t priority, int64_t interval_ns);
/* Active_Down_Interval: 3 x interval + Skew_Time; how long a backup waits after any other advert. */
int64_t timers_active_down_ns(uint8_t version, uint8_t priority, int64_t interval_ns);

#endif
