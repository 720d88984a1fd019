/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* Counting a call: its number, its time, its arguments and its stack. */
#ifndef COUNT_H
#define COUNT_H

#include "arch.h"
#include "maps.h"

static __always_inline u64 call_of(u32 image, u32 entry, u32 nr)
{
	return (u64)nr | (u64)image << CALL_IMAGE | (u64)entry << CALL_ENTRY;
}

static __always_inline u32 image_of(u64 call)
{
	return call >> CALL_IMAGE & ((1 << (CALL_ENTRY - CALL_IMAGE)) - 1);
}

static __always_inline u32 tracked_of(u32 entry, u32 nr)
{
	nr = base_nr(nr);
	if (nr >= MAX_NR || entry > ENTRY_X32)
		return 0;
	return tracked[entry * MAX_NR + nr];
}

static __always_inline void read_args(struct thread *t, struct pt_regs *regs, u32 entry)
{
	if (!t->tracked)
		return;
#pragma unroll
	for (int i = 0; i < MAX_TRACKED; i++) {
		u8 which = t->tracked >> 8 * i;
		if (!which)
			break;
		u64 arg = arg_of(regs, entry, (which & 0x7f) - 1);
		t->args[i] = which & 0x80 ? arg : (u32)arg;
	}
}

/* Keeps a value that the cell does not remember. Returns whether the cell may
 * remember it: there is nothing left to do when it comes again. */
static __noinline int keep_value(struct value *v)
{
	struct set key = {v->call, v->argument};
	struct set_size none = {}, *set;
	u8 one = 1;

	if (!v || bpf_map_lookup_elem(&values, v))
		return 1;
	set = bpf_map_lookup_elem(&sets, &key);
	if (!set) {
		bpf_map_update_elem(&sets, &key, &none, BPF_NOEXIST);
		set = bpf_map_lookup_elem(&sets, &key);
	}
	if (!set) {
		lose(LOST_VALUES);
		return 0;
	}
	if (set->size >= MAX_VALUES) {
		set->any = 1;
		return 0;
	}
	long err = bpf_map_update_elem(&values, v, &one, BPF_NOEXIST);
	if (!err) {
		__sync_fetch_and_add(&set->size, 1);
	} else if (err != -EEXIST) {
		set->any = 1;
		lose(LOST_VALUES);
	}
	return 1;
}

static __always_inline void count_args(struct cell *c, struct thread *t)
{
#pragma unroll
	for (u32 i = 0; i < MAX_TRACKED; i++) {
		if (!(t->tracked >> 8 * i & 0xff))
			break;
		u64 arg = t->args[i];
		/* Flags differ in any bit, operations in the low ones. */
		u32 at = (arg ^ arg >> 2 ^ arg >> 9 ^ arg >> 17) & (CACHED - 1);
		u64 bit = 1ULL << (i * CACHED + at);
		if (c->valid & bit && c->seen[i][at] == arg)
			continue;
		struct value v = {t->call & CALL_WITHOUT_END, i, arg};
		if (keep_value(&v)) {
			c->seen[i][at] = arg;
			c->valid |= bit;
		}
	}
}

static __always_inline void count_way(struct thread *t, u64 time)
{
	struct way key = {t->call & CALL_WITHOUT_END, t->stack};
	struct way_cell *c = bpf_map_lookup_elem(&ways, &key);
	if (!c) {
		struct way_cell none = {};
		bpf_map_update_elem(&ways, &key, &none, BPF_NOEXIST);
		c = bpf_map_lookup_elem(&ways, &key);
		if (!c) {
			lose(LOST_STACKS);
			return;
		}
	}
	c->calls++;
	c->time += time;
}

/* Finds the cell of a call, whatever its entry and end. */
static __noinline struct cell *far_cell(u64 call)
{
	struct cell *c = bpf_map_lookup_elem(&cells, &call);
	if (!c) {
		struct cell none = {};
		bpf_map_update_elem(&cells, &call, &none, BPF_NOEXIST);
		c = bpf_map_lookup_elem(&cells, &call);
	}
	return c;
}

static __always_inline struct cell *cell_of(u64 call)
{
	u32 nr = call, index = image_of(call) * MAX_NR + nr;
	if (nr >= MAX_NR || call >> CALL_ENTRY)
		return far_cell(call);
	u16 *at = number_at(&near, index);
	if (!at)
		return far_cell(call);
	u32 number = *at;
	if (!number) {
		if (bpf_map_pop_elem(&unused_cells, &number))
			return far_cell(call);
		bpf_map_update_elem(&near_calls, &number, &call, BPF_ANY);
		*at = number;
	}
	return bpf_map_lookup_elem(&near_cells, &number);
}

static __always_inline void count_error(struct cell *c, u64 call, u32 error)
{
#pragma unroll
	for (int i = 0; i < CELL_ERRORS; i++) {
		if (!c->errors[i])
			c->errors[i] = error;
		if (c->errors[i] == error) {
			c->failed[i]++;
			return;
		}
	}
	struct cell *other = far_cell(call | (u64)error << CALL_ERROR);
	if (other)
		other->calls++;
	else
		lose(LOST_EVENTS);
}

/* Counts a call, with its end or without one. */
static __always_inline void count(struct thread *t, u64 call, u64 time, u32 error)
{
	struct cell *c = cell_of(call);
	if (!c) {
		lose(LOST_EVENTS);
		return;
	}
	c->calls++;
	c->time += time;
	if (error)
		count_error(c, call, error);
	if (t->tracked)
		count_args(c, t);
	if (want_stacks && t->stack)
		count_way(t, time);
}

/* Takes the stack of the current thread, keeps it, and returns its key. */
static __always_inline u64 take_stack(void *ctx, struct pt_regs *regs, u32 image)
{
	u32 zero = 0;
	struct stack *s = bpf_map_lookup_elem(&scratch, &zero);
	struct mm_struct *mm = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), mm);
	if (!s || !mm)
		return 0;
	u64 start = BPF_CORE_READ(mm, start_code), size = BPF_CORE_READ(mm, end_code) - start;
	long n = bpf_get_stack(ctx, &s->pcs[1], MAX_DEPTH * sizeof(u64), BPF_F_USER_STACK);
	if (n <= 0) {
		lose(LOST_STACKS);
		return 0;
	}
	s->depth = n / sizeof(u64);
	if (bpf_probe_read_user(&s->pcs[0], sizeof(u64), (void *)sp_of(regs)))
		s->pcs[0] = 0;
	u64 hash = image + 1;
	for (u32 i = 0; i <= MAX_DEPTH; i++) {
		if (i > s->depth)
			break;
		u64 pc = s->pcs[i] - start;
		if (pc >= size)
			pc = OUTSIDE;
		s->pcs[i] = pc;
		hash = (hash ^ pc) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	if (!bpf_map_lookup_elem(&stacks, &hash)) {
		long err = bpf_map_update_elem(&stacks, &hash, s, BPF_NOEXIST);
		if (err && err != -EEXIST) {
			lose(LOST_STACKS);
			return 0;
		}
	}
	return hash;
}

#endif
