// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/*
 * The programs that count system calls. They hang on raw tracepoints, which need
 * no tracefs, and send no event for a call: all is summed up in maps.
 *
 * Where only the calls and their arguments are wanted, sys_enter alone is used,
 * and a call is counted when it begins. Otherwise it is counted when it ends, or
 * when its thread ends in it.
 */
#include "kernel.h"
#include "arch.h"
#include "maps.h"
#include "count.h"
#include "follow.h"

char _license[] SEC("license") = "GPL";

/* The image that the current process runs, 0 if its calls are not wanted. */
static __always_inline u32 wanted_image(void)
{
	u32 process = bpf_get_current_pid_tgid() >> 32;
	u32 *image = bpf_map_lookup_elem(&processes, &process);
	if (!image || *image & IMAGE_IGNORED)
		return 0;
	return *image;
}

SEC("tp_btf/sys_enter")
int sys_enter(u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	u32 nr = ctx[1], image = wanted_image();
	if (!image)
		return 0;
	u32 entry = entry_of(nr);

	struct thread now = {.call = call_of(image, entry, nr), .tracked = tracked_of(entry, nr)};
	read_args(&now, regs, entry);
	if (want_stacks && entry == ENTRY_NATIVE)
		now.stack = take_stack(ctx, regs, image);
	if (want_ends) {
		now.start = bpf_ktime_get_ns();
		u32 id = bpf_get_current_pid_tgid();
		struct thread *t = bpf_map_lookup_elem(&threads, &id);
		if (t) {
			*t = now;
			return 0;
		}
		if (!bpf_map_update_elem(&threads, &id, &now, BPF_NOEXIST))
			return 0;
		lose(LOST_PROCESSES);
	}
	count(&now, now.call, 0);
	return 0;
}

/* A call that ends without having begun was skipped, as a filter's denials are:
 * filters run before sys_enter. But a fork ends in the child, too, and of a thread
 * that was joined it is not known whether it was in a call. */
static __always_inline void end_of_nothing(struct thread *t, u32 image, u32 nr, u32 error)
{
	if (t->newborn) {
		t->newborn = 0;
		return;
	}
	t->denied = 1;
	struct thread none = {};
	count(&none, call_of(image, entry_of(nr), nr) | 1ULL << CALL_DENIED | (u64)error << CALL_ERROR, 0);
}

SEC("tp_btf/sys_exit")
int sys_exit(u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	long result = ctx[1];
	u32 image = wanted_image();
	if (!image)
		return 0;
	u32 id = bpf_get_current_pid_tgid();
	struct thread *t = bpf_map_lookup_elem(&threads, &id);
	if (!t) {
		struct thread none = {};
		bpf_map_update_elem(&threads, &id, &none, BPF_NOEXIST);
		return 0;
	}
	/* After rt_sigreturn there is no number, and the result is the one of the
	 * code that the signal interrupted. */
	long nr = nr_of(regs);
	u32 error = (u32)nr != (u32)-1 && result < 0 && result >= -MAX_ERRNO ? -result : 0;
	u64 call = t->call;
	if (!call) {
		end_of_nothing(t, image, nr, error);
		return 0;
	}
	count(t, call | (u64)error << CALL_ERROR, bpf_ktime_get_ns() - t->start);
	t->call = 0;
	return 0;
}

SEC("tp_btf/sched_process_fork")
int forked(u64 *ctx)
{
	struct task_struct *parent = (void *)ctx[0], *child = (void *)ctx[1];
	u32 from = parent->tgid, to = child->tgid, id = child->pid;
	u32 *image = bpf_map_lookup_elem(&processes, &from);
	if (!image || !*image)
		return 0;
	if (from != to)
		follow(to, per_process ? image_for(child, 0, 0) : *image);
	if (want_ends) {
		struct thread newborn = {.newborn = 1};
		if (bpf_map_update_elem(&threads, &id, &newborn, BPF_ANY))
			lose(LOST_PROCESSES);
	}
	return 0;
}

static __always_inline int in_cgroup(void)
{
	enum { MAX_CGROUP_DEPTH = 32 };
	u64 wanted_id = cgroup_id;
	if (!wanted_id)
		return 0;
	for (int level = 0; level < MAX_CGROUP_DEPTH; level++) {
		u64 id = bpf_get_current_ancestor_cgroup_id(level);
		if (id == wanted_id)
			return 1;
		if (!id)
			break;
	}
	return 0;
}

SEC("tp_btf/sched_process_exec")
int executed(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	u32 was = ctx[1], id = task->pid, process = task->tgid;
	struct linux_binprm *binary = (void *)ctx[2];
	u32 *image = bpf_map_lookup_elem(&processes, &process);
	if (!image || (!*image && !in_cgroup()))
		return 0;
	follow(process, image_for(task, binary->filename, 0));
	/* A thread that executes takes the number of its process. */
	if (want_ends && was != id) {
		struct thread *t = bpf_map_lookup_elem(&threads, &was);
		if (t) {
			struct thread moved = *t;
			bpf_map_update_elem(&threads, &id, &moved, BPF_ANY);
			bpf_map_delete_elem(&threads, &was);
		}
	}
	return 0;
}

/* A filter's verdict to kill a thread ends it before any of the hooks. */
static __always_inline void killed(struct task_struct *task, struct thread *t, u32 image)
{
	if (t->denied || t->newborn || (task->exit_code & 0x7f) != SIGSYS || task->signal->flags & SIGNAL_GROUP_EXIT)
		return;
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return; /* before Linux 5.15 */
	u32 nr = nr_of((struct pt_regs *)bpf_task_pt_regs(task));
	struct thread none = {};
	count(&none, call_of(image, entry_of(nr), nr) | 1ULL << CALL_DENIED, 0);
}

SEC("tp_btf/sched_process_exit")
int exited(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	u32 id = task->pid, process = task->tgid;
	u32 *image = bpf_map_lookup_elem(&processes, &process);
	if (!image || !*image)
		return 0;
	if (want_ends) {
		struct thread *t = bpf_map_lookup_elem(&threads, &id);
		if (t && t->call)
			count(t, t->call, 0); /* exit, exit_group, or what it was killed in */
		else if (t && !(*image & IMAGE_IGNORED))
			killed(task, t, *image);
		bpf_map_delete_elem(&threads, &id);
	}
	if (!task->signal->live.counter) {
		bpf_map_delete_elem(&live, &process);
		*image = 0;
	}
	return 0;
}

/* Finds the processes that are to be joined. */
SEC("iter/task")
int join(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	if (!task || task->pid != task->tgid)
		return 0;
	u32 pid = pid_for_recorder(task);
	u32 *how = bpf_map_lookup_elem(&wanted, &pid);
	if (!how)
		return 0;
	follow(task->tgid, *how ? IMAGE_LAUNCHER : image_for(task, 0, 1));
	bpf_map_delete_elem(&wanted, &pid);
	return 0;
}
