/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* What is known of a thread is kept with it where the kernel can do that, and else
 * in a map. */
#ifndef THREADS_H
#define THREADS_H

#include "maps.h"

/* The current thread as a pointer that may be followed, where there is such. */
static __always_inline struct task_struct *current_task(void)
{
	return has_task_storage ? bpf_get_current_task_btf() : 0;
}

static __always_inline struct thread *current_thread(struct task_struct *task)
{
	if (has_task_storage)
		return bpf_task_storage_get(&thread_storage, task, 0, 0);
	u32 id = bpf_get_current_pid_tgid();
	return bpf_map_lookup_elem(&threads, &id);
}

/* Makes a place for what is known of a thread that there is none for. */
static __always_inline struct thread *new_thread(struct task_struct *task, u32 id)
{
	struct thread none = {}, *t;
	if (has_task_storage) {
		t = bpf_task_storage_get(&thread_storage, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	} else {
		bpf_map_update_elem(&threads, &id, &none, BPF_ANY);
		t = bpf_map_lookup_elem(&threads, &id);
	}
	if (!t)
		lose(LOST_PROCESSES);
	return t;
}

static __always_inline struct thread *new_current_thread(struct task_struct *task)
{
	return new_thread(task, bpf_get_current_pid_tgid());
}

#endif
