/* SPDX-License-Identifier: MIT */
#include "lbd/metric_page.h"

#include "common/model/metrics_doc.h"
#include "lbd/metric_rows.h"

static const char opening[] =
	"# lbd's metrics\n"
	"\n"
	"This page is printed from the table that lbd measures by (`lbd/metric_rows.c`); after a change there\n"
	"`make reference` prints it anew.\n"
	"\n"
	"With\n"
	"\n"
	"    admin { listen = { 127.0.0.1:8404 } }\n"
	"\n"
	"in the configuration lbd answers there over HTTP, to GET and HEAD:\n"
	"\n"
	"| page | answer |\n"
	"|---|---|\n"
	"| `/metrics` | all of the below, as OpenMetrics 1.0 text, which Prometheus and its relatives read |\n"
	"| `/healthz` | 200 and `ok` while each of lbd's threads runs and its listeners are bound; else 503 |\n"
	"\n"
	"There are no passwords and there is no TLS: whoever reaches the port may read. Listen on the loopback or on "
	"a\n"
	"network of your own. At most 16 connections are served at a time, each by a thread that stands back behind "
	"those\n"
	"that forward; numbers are collected little by little, so that a scrape of 10,000 servers keeps nobody "
	"waiting, and\n"
	"those of one scrape may be some milliseconds apart. Scrapes that come at the same moment share one "
	"collection.\n"
	"\n"
	"Counters begin at 0 when lbd starts, and only grow. A sample's name is the one shown; a `stateset` has a\n"
	"sample for each state, 1 for the one that holds; the number of an `info` is always 1 and what it tells stands "
	"in\n"
	"its label. What does not exist, such as the end of a certificate that was never seen, has no sample.\n"
	"\n"
	"Questions that these answer:\n"
	"\n"
	"    lbd_server_health{lbd_server_health=\"down\"} == 1             # which servers are down\n"
	"    lbd_service_up == 0                                          # which services have nobody left\n"
	"    rate(lbd_service_refused_connections_total[1m])              # what clients lose\n"
	"    lbd_server_certificate_end_seconds - time() < 7 * 86400      # what expires within a week\n"
	"    process_open_fds / process_max_fds                           # how near the limit is\n"
	"    count(count by (hash) (lbd_config_info)) > 1                 # nodes with different configurations\n";

void metric_page(struct text *out)
{
	text_add(out, opening);
	metrics_reference(metric_groups, METRIC_GROUP_COUNT, out);
}
