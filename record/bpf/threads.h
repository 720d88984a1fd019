/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* What is known of a thread has a place in an array. When that is full it is kept
 * with the thread where the kernel can do that, and else in a map. */
#ifndef THREADS_H
#define THREADS_H

#include "maps.h"

/* The current thread as a pointer that may be followed, where there is such. */
static __always_inline struct task_struct *current_task(void)
{
	return has_task_storage ? bpf_get_current_task_btf() : 0;
}

static __always_inline u32 current_id(struct task_struct *task)
{
	return has_task_storage ? task->pid : (u32)bpf_get_current_pid_tgid();
}

/* What is known of a thread that has a place. */
static __always_inline struct thread *near_thread(u32 id)
{
	u16 *at = number_at(&places, id);
	if (!at || !*at)
		return 0;
	u32 place = *at;
	struct near_thread *n = bpf_map_lookup_elem(&near_threads, &place);
	return n ? &n->thread : 0;
}

/* What is known of a thread that has none. */
static __noinline struct thread *far_thread(struct task_struct *task, u32 id)
{
	if (has_task_storage)
		return task ? bpf_task_storage_get(&thread_storage, task, 0, 0) : 0;
	return bpf_map_lookup_elem(&threads, &id);
}

static __always_inline struct thread *thread_of(struct task_struct *task, u32 id)
{
	struct thread *t = near_thread(id);
	return t ? t : far_thread(task, id);
}

/* Makes a place for what is known of a thread that there is none for. */
static __always_inline struct thread *new_thread(struct task_struct *task, u32 id)
{
	struct thread none = {}, *t;
	u16 *at = number_at(&places, id);
	u32 place = 0;
	if (at && !bpf_map_pop_elem(&unused_places, &place)) {
		*at = place;
		t = near_thread(id);
		if (t)
			*t = none;
	} else if (has_task_storage) {
		t = bpf_task_storage_get(&thread_storage, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	} else {
		bpf_map_update_elem(&threads, &id, &none, BPF_ANY);
		t = bpf_map_lookup_elem(&threads, &id);
	}
	if (!t)
		lose(LOST_PROCESSES);
	return t;
}

/* Gives back the place of a thread that ends. */
static __always_inline void forget_thread(u32 id)
{
	u16 *at = number_at(&places, id);
	if (at && *at) {
		u32 place = *at;
		*at = 0;
		bpf_map_push_elem(&unused_places, &place, BPF_ANY);
	} else if (!has_task_storage) {
		bpf_map_delete_elem(&threads, &id);
	}
}

/* Tells that a thread has got another number. */
static __always_inline void renumber_thread(u32 was, u32 id)
{
	u16 *from = number_at(&places, was), *to = number_at(&places, id);
	if (from && to && *from) {
		*to = *from;
		*from = 0;
		return;
	}
	struct thread *t = has_task_storage ? 0 : bpf_map_lookup_elem(&threads, &was);
	if (t) {
		struct thread moved = *t;
		bpf_map_update_elem(&threads, &id, &moved, BPF_ANY);
		bpf_map_delete_elem(&threads, &was);
	}
}

#endif
