#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Whether the simulator would see it: breaks the rules of vrrpd's own modules one at a time, and runs scenarios and seeds
# until one fails. In a build directory with tests/sim/sim-fast:
#
#     ../tests/sim/mutants.sh [SEEDS [PATTERN]]      2,000 seeds each; only rows whose text matches
#
# It takes minutes and is no part of `make check`. Exit status: 0 when every one was caught; rows marked `blind` are
# those that the simulator is known not to see, each with its reason. One that is `STUCK` ran out of its time, and counts
# as not caught: the simulator itself should have seen that nothing goes on.
set -u
src=$(cd "$(dirname "$0")/../.." && pwd)
seeds=${1:-2000}
only=${2:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
missed=0 caught=0 blind=0
limit_s=240

row()
{
	printf '%-7s %-66s %s\n' "$1" "$2" "$3"
}

# What fails unbroken would be seen in each.
if ! tests/sim/sim-fast --until-failure --seeds="$seeds" --seconds=$limit_s >"$work/out"; then
	cat "$work/out"
	exit 2
fi
row RESULT "BROKEN RULE" "SEEN BY, OR WHY NOT"

# mutant FILE WHAT SED: `blind` before it where it is known to live.
mutant()
{
	local file=$1 what=$2 edit=$3 name seen objects
	[[ $what =~ $only ]] || return 0
	name=${file%.c}
	sed -e "$edit" "$src/$file" >"$work/mutant.c"
	if cmp -s "$src/$file" "$work/mutant.c"; then
		row STALE "$what" "the edit of $file changes nothing"
		missed=$((missed + 1))
		return 0
	fi
	if ! ${CC:-gcc} -std=gnu17 -DHAVE_CONFIG_H -include config.h -I. -I"$src" -O1 -w -c -o "$work/mutant.o" \
		"$work/mutant.c"; then
		row STALE "$what" "$file does not compile"
		missed=$((missed + 1))
		return 0
	fi
	objects=$(find . -name '*sim_fast-*.o' ! -path "./${name%/*}/*sim_fast-${name##*/}.o")
	# shellcheck disable=SC2086
	${CC:-gcc} -o "$work/sim" $objects "$work/mutant.o" -lcrypto || exit 2
	timeout $limit_s "$work/sim" --until-failure --seeds="$seeds" --seconds=$((limit_s / 2)) >"$work/out"
	case $? in
	0)
		row MISSED "$what" "$seeds seeds and all scenarios pass"
		missed=$((missed + 1))
		;;
	1)
		caught=$((caught + 1))
		seen=$(grep -m1 -oE '^(scenario [a-z0-9-]+|seed [0-9]+: .*)' "$work/out")
		row caught "$what" "$seen"
		;;
	124)
		row STUCK "$what" "did not end within $limit_s s"
		missed=$((missed + 1))
		;;
	*)
		row CRASHED "$what" "$(tail -1 "$work/out")"
		missed=$((missed + 1))
		;;
	esac
}

blind()
{
	[[ $2 =~ $only ]] || return 0
	blind=$((blind + 1))
	row blind "$2" "$4"
}

mutant vrrpd/fsm_active.c "an active node does not yield to a higher priority" 's/return event->priority > fsm->facts.priority;/return false;/'
mutant vrrpd/fsm_active.c "a tie is broken the other way" 's/ip_compare(&event->source, &fsm->facts.source) > 0/ip_compare(\&event->source, \&fsm->facts.source) < 0/'
mutant vrrpd/fsm_moves.c "an owner whose lbd is dead goes on ruling" 's/return fsm_is_owner(fsm) && fsm->facts.priority == VRRP_PRIORITY_OWNER;/return fsm_is_owner(fsm);/'
mutant vrrpd/fsm_active.c "by IPv6 a tie is broken as well" 's/if (!fsm_rules(fsm) && is_undecided(fsm, event))/if (false)/'
mutant vrrpd/fsm_backup.c "priority 0 is waited for like silence" 's/timers_skew_ns(fsm->conf.version, fsm->facts.priority, fsm->active_interval_ns)/fsm_active_down_ns(fsm)/'
mutant vrrpd/fsm_active.c "the LAN is not told when the peer is back" '/while it had the addresses or thought so, is put right/{n;d}'
mutant vrrpd/fsm_active.c "who overslept goes on without looking" 's/if (fsm->overslept || fsm_has_overslept(fsm, now))/if (false)/;s/if (fsm->overslept && fsm->facts.peer_holds)/if (false)/'
mutant vrrpd/fsm_active.c "a fenced node stays active" 's/fsm_become_backup(fsm, "fenced.*/break;/'
mutant vrrpd/fsm_backup.c "a claim does not wait for the end of a hold-back" 's/if (mono_before(now, fsm->facts.hold_back_until)) {/if (false) {/'
mutant vrrpd/fsm_backup.c "a node preempts that is not ready" 's/!fsm->facts.ready ||//'
mutant vrrpd/fsm_backup.c "the peer's word holds no claim back" 's/fsm->resigned_heard || is_preemption(fsm, now) || !fsm->facts.peer_holds/true/'
mutant vrrpd/fsm_backup.c "and where neither can tell, for ever" 's/mono_before(now, mono_add(fsm->silent_at, (BLIND_DOWN_INTERVALS - 1) \* down_ns))/true/'
mutant vrrpd/fsm_active.c "what was given away as planned is taken back" 's/fsm->yielding = !wanted_back;/fsm->yielding = false;/'
mutant vrrpd/fsm.c "maintenance that ended at once is not noticed" 's/fsm->wanted_back = is_set(fsm->leave_at);//'
mutant vrrpd/fsm_active.c "the taker of a planned failover gives way to the late adverts" 's/if (is_set(fsm->grace_until) \&\& mono_before(now, fsm->grace_until))/if (false)/'
mutant vrrpd/fsm_active.c "that grace outlives the giver's word" 's/^\t\tend_grace(fsm, now);$//'
mutant vrrpd/fsm_active.c "a group that was parted stays parted" 's/if (is_set(fsm->parted_at) \&\& mono_reached(fsm->parted_at, now))/if (false)/'
mutant vrrpd/fsm.c "a lost link is noticed, but the addresses stay" 's/bool lost = is_usable/bool lost = false \&\& is_usable/'
mutant vrrpd/fsm.c "a node in maintenance claims" 's/return facts->link_ok && !facts->tracked_fault && !facts->maintenance/return facts->link_ok \&\& !facts->tracked_fault/;s/else if (fsm->facts.maintenance)/else if (false)/'
mutant vrrpd/health.c "nobody resigns" 's/verdict->resign = true;//'
mutant vrrpd/health.c "both resign, the peer's health unasked" 's/return strictly ? input->peer < own_health(input)/return strictly ? true/'
mutant vrrpd/health.c "a hold-back of nothing" 's/int64_t least_ns = HEALTH_HOLD_INTERVALS \* input/int64_t least_ns = 0 * input/;s/int64_t least_ns = HEALTH_HOLD_INTERVALS \* interval_ns/int64_t least_ns = 0/'
mutant vrrpd/facts.c "servers are not checked after the carrier's return" 's/bool settled = /bool settled = true || /'
mutant vrrpd/facts.c "a dead port is not given up" 's/facts.lan_dead = .*/facts.lan_dead = false;/'
mutant vrrpd/facts.c "a LAN is given up for a peer that cannot serve" 's/(input->lan_dead \&\& peer_can_take(input, other))/input->lan_dead/'
mutant vrrpd/facts.c "a LAN is given up for a peer that may not claim yet" 's/ \&\& !other->holds_back//'
mutant vrrpd/lan.c "the silence of the target is enough" 's/return target \&\& .*/return target;/'
mutant vrrpd/lan.c "a gateway is worth no more than another" 's/(all || (gateways \&\& is_gateway(lan, \&lan->target)))/all/'
mutant vrrpd/lan.c "another host is named each time" 's/if (found == NULL || (is_gateway/if (found == NULL || host->answered_at.ns % 2 == 0 || (is_gateway/'
mutant vrrpd/lan.c "the dead are never raised" 's/^\t\tlan->dead = false;/\t\t;/'
mutant vrrpd/hang.c "lbd never hangs" 's/return lan->still//;s/return hang->still_ns\[loop\] >= HANG_THRESHOLD_NS;/return false;/'
mutant vrrpd/replay.c "clocks that differ are never bridged" 's/\*ret_proven = replay->proven .*/*ret_proven = false;/;s/if (!goes_on \&\& !extend_run/if (true || !extend_run/'
mutant vrrpd/track.c "what is tracked costs nothing" 's/priority - MIN(penalty, room)/priority - 0 * MIN(penalty, room)/'
mutant vrrpd/judge.c "what is not signed is never taken" 's/if (is_signed \&\& !received->is_signed \&\& conf->rollout == VIP_ROLLOUT_ENFORCE)/if (is_signed \&\& !received->is_signed)/'
mutant vrrpd/peer_session.c "the first session of the peer is the last" 's/if (session->peer_known \&\& echoed <= session->peer_since)/if (session->peer_known)/'
mutant vrrpd/group.c "a group does not hear of a fault" 's/input->group_fault |= .*;/;/'
mutant vrrpd/group.c "nor of a LAN that was given up" 's/ || facts->lan_dead;/;/'
mutant vrrpd/group.c "nor that one of it is elsewhere" 's/input->group_elsewhere |= .*;/;/'
mutant vrrpd/group.c "the others stay when one of a group resigns" 's/return left->state == VRRP_BACKUP .*/return false;/'
mutant vrrpd/word.c "the peer's word is no resignation" 's/return change->left \&\& .*/return false;/'
mutant vrrpd/word.c "that the peer hears adverts again is lost in its restart" 's/ || (before.missed \&\& !is_backup)//'
mutant vrrpd/word.c "that the peer hears adverts again is not noticed" 's/.hears_again = .*/.hears_again = false,/'
mutant vrrpd/roll.c "a datagram that another of its heartbeat overtook is lost" 's/return last != NULL \&\& last->stamp.*/return false;/'
mutant vrrpd/consent.c "an owner offers its vip" 's/return fsm->conf.priority == VRRP_PRIORITY_OWNER ? .*/return NULL;/'
mutant vrrpd/doubt.c "an active node that hears nothing asks nobody" 's/^bool doubt_asks(\(.*\)$/bool doubt_asks(\1/;s/return .*peer_off_lan.*/return false;/'
mutant vrrpd/look.c "nobody looks before a claim" 's/if (!mono_before(look->covers, due))/if (true)/'
mutant vrrpd/look.c "one slice is a whole look" 's/look->slices_left = emptied ? 0 : look->slices_left - 1;/look->slices_left = 0;/'
mutant vrrpd/look.c "a look never ends" 's/^\t\tlook->covers = look->began_at;/\t\t;/'
mutant vrrpd/retort.c "a rival is answered without end" 's/rival->owed = within;/;/;s/bool within = .*/bool within = false;/;s/return RETORT_GONE;/return RETORT_ANSWER;/'
mutant vrrpd/roll.c "a datagram that says nothing of a vip makes it unknown" 's/return id >= heartbeat->first_id .*/return true;/;s/size_t first = insertion_point(roll, roll->count, heartbeat->first_id);/size_t first = 0;/;s/heartbeat->last_id == UINT32_MAX ? roll->count/true ? roll->count/'
mutant tests/sim/vip.c "the lease is renewed whatever the fence says" 's/if (!lease_is_whole(.*/if (false) {/'
blind vrrpd/fsm_active.c "a rival that resigns is not put right on the LAN" '' "who asks again is answered, and with a state port the word of it does the same: tests/unit/test_fsm has that"
blind vrrpd/fsm.c "a hold-back that is doubled" '' "runs are too short for a second resignation to be told from the first"
blind vrrpd/facts.c "any frame is enough to come back to a LAN that was given up" '' "few seeds see it (12174): tests/unit/test_facts has that"
blind vrrpd/facts.c "a LAN is given up for who has heard nobody on it" '' "one seed in 30,000 saw it: tests/unit/test_facts has that"
blind vrrpd/fsm_active.c "a demotion by a third router passes for a resignation" '' "the third answers the last advert of who gave way: tests/unit/test_fsm has that"
blind vrrpd/facts.c "the peer's word counts without its carrier" '' "an active node that loses it leaves Active at once: tests/unit/test_facts has that"
blind vrrpd/facts.c "the peer's health is not compared" '' "who is sick resigns to a better peer by itself: tests/unit/test_facts and test_fsm have that"
blind vrrpd/group.c "each of a parted group follows the other" '' "one of them is first by a moment, and the group together again: tests/unit/test_group has that"
blind vrrpd/word.c "what leaves for this node is no resignation" '' "it is said once more when the peer hears adverts again: tests/unit/test_word has that"
blind vrrpd/consent.c "consent by who has offered, leaves, cannot serve or has it not" '' "few seeds have failovers that cross: tests/unit/test_consent has each"
blind tests/sim/plan.c "an offer that was refused is taken by its next copy" '' "the same: tests/unit/test_handover has that"
blind vrrpd/replay.c "a recording passes for a fresh advert" '' "nobody replays here: tests/unit/test_replay has that"

echo "$caught caught, $missed missed or stale, $blind known not to be seen"
[ $missed -eq 0 ]
