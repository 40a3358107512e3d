/* SPDX-License-Identifier: MIT */
#include "lbd/proxy_release.h"

#include <sys/socket.h>
#include <unistd.h>

static void side_close(struct conn *conn, struct side *side, bool reset)
{
	const struct linger linger = {.l_onoff = 1};
	int fd = side->io.fd;

	if (!side->io.added)
		return;
	if (reset)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	loop_io_forget(conn->proxy->env.loop, &side->io);
	close(fd);
}

void proxy_leave_server(struct conn *conn, bool reset)
{
	side_close(conn, &conn->server, reset);
	conn->server = (struct side){0};
	if (conn->hold.server == CONN_NO_SERVER)
		return;
	picker_leave(conn->proxy->picker, conn->proxy->snapshot, &conn->hold);
	/* Last: the server's slot may be given away then. */
	counter_subtract(&conn_server_counters(conn)->connections, 1);
	conn->hold.server = CONN_NO_SERVER;
}

void proxy_leave_queue(struct conn *conn)
{
	uint32_t pool = conn->waits_in;

	if (pool == CONN_NO_POOL) {
		list_remove(&conn->waiting);
		return;
	}
	conn->waits_in = CONN_NO_POOL;
	proxy_queue_part(&conn->proxy->queues, pool, &conn->waiting);
}

static void leave_record(const struct conn *conn)
{
	const struct snapshot *snapshot = conn->proxy->snapshot;
	struct record *record = record_ring_claim(conn->proxy->env.records);

	if (record == NULL)
		return;
	record->client = conn->from;
	record->cause = conn->life.cause;
	record->bytes_in = conn->bytes_in;
	record->bytes_out = conn->bytes_out;
	record->connect_ns = conn->connect_ns;
	record->duration_ns = mono_diff(conn_now(conn), conn->began);
	record_set_names(record, conn_service(conn)->name,
		conn->last_server != CONN_NO_SERVER ? snapshot->servers[conn->last_server].name : NULL);
	record_ring_push(conn->proxy->env.records);
}

/* Before the client hears of it: who then looks finds it counted. */
static void count_end(const struct conn *conn)
{
	counter_add(&conn_counters(conn)->ended_total[conn->life.cause], 1);
	if (conn->life.cause == END_QUEUE_TIMEOUT && conn->waits_in != CONN_NO_POOL)
		board_count_timeout(board_queue(conn->proxy->env.board, conn->waits_in));
}

void proxy_release(struct conn *conn, bool reset)
{
	struct proxy *proxy = conn->proxy;

	count_end(conn);
	if (proxy->snapshot->log_connections)
		leave_record(conn);
	side_close(conn, &conn->client, reset);
	proxy_leave_server(conn, reset);
	proxy_leave_queue(conn);
	flow_drop(&conn->up, &proxy->store);
	flow_drop(&conn->down, &proxy->store);
	wheel_clear(&conn->timer);
	proxy_pace_free(&proxy->paces, conn->pace);
	list_remove(&conn->busy);
	list_remove(&conn->link);
	sources_leave(proxy->env.sources, conn->counted);
	gates_leave(proxy->env.board, conn->service, &conn->pass);
	/* Last: the service's slot may be given away then. */
	counter_subtract(&conn_counters(conn)->connections, 1);
	proxy->open_count--;
	slab_give(&proxy->conns, conn);
}
