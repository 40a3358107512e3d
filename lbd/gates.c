/* SPDX-License-Identifier: MIT */
#include "lbd/gates.h"

static void leave(struct board *board, struct board_gate *gate)
{
	board_gate_leave(gate);
	board_tell_all(board, gate);
}

struct board_gate *gates_enter(
	struct board *board, const struct snapshot *snapshot, uint32_t service, struct gates_pass *ret_pass)
{
	uint32_t limit = snapshot->max_connections, service_limit = snapshot->services[service].max_connections;

	if (limit > 0 && !board_gate_enter(&board->all, limit))
		return &board->all;
	if (service_limit > 0 && !board_gate_enter(board_service(board, service), service_limit)) {
		if (limit > 0)
			leave(board, &board->all);
		return board_service(board, service);
	}
	*ret_pass = (struct gates_pass){.all = limit > 0, .service = service_limit > 0};
	return NULL;
}

void gates_enter_late(struct board *board, const struct snapshot *snapshot, uint32_t service, struct gates_pass *pass)
{
	if (snapshot->max_connections > 0 && !pass->all) {
		board_gate_enter_late(&board->all);
		pass->all = true;
	}
	if (snapshot->services[service].max_connections > 0 && !pass->service) {
		board_gate_enter_late(board_service(board, service));
		pass->service = true;
	}
}

void gates_leave(struct board *board, uint32_t service, const struct gates_pass *pass)
{
	if (pass->service)
		leave(board, board_service(board, service));
	if (pass->all)
		leave(board, &board->all);
}
