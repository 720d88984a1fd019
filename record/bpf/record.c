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
#include "threads.h"

char _license[] SEC("license") = "GPL";

/* The image that the current process runs, 0 if its calls are not wanted. */
static __always_inline u32 wanted_image(struct task_struct *task)
{
	u32 process = has_task_storage ? task->tgid : bpf_get_current_pid_tgid() >> 32;
	u16 *image = number_at(&processes, process);
	if (!image || *image & IMAGE_IGNORED)
		return 0;
	return *image;
}

static __always_inline void begin(struct thread *t, void *ctx, struct task_struct *task, u32 image)
{
	struct pt_regs *regs = (void *)((u64 *)ctx)[0];
	u32 nr = ((u64 *)ctx)[1], entry = entry_of(task, nr);
	t->call = call_of(image, entry, nr);
	t->tracked = tracked_of(entry, nr);
	read_args(t, regs, entry);
	if (want_stacks)
		t->stack = entry == ENTRY_NATIVE ? take_stack(ctx, regs, image) : 0;
}

SEC("tp_btf/sys_enter")
int sys_enter(u64 *ctx)
{
	struct task_struct *task = current_task();
	u32 image = wanted_image(task);
	if (!image)
		return 0;
	if (want_ends) {
		u32 id = current_id(task);
		struct thread *t = thread_of(task, id);
		if (!t)
			t = new_thread(task, id);
		if (t) {
			begin(t, ctx, task, image);
			t->newborn = t->denied = 0;
			t->start = bpf_ktime_get_ns();
			return 0;
		}
	}
	struct thread now = {};
	begin(&now, ctx, task, image);
	count(&now, now.call, 0, 0);
	return 0;
}

/* A call that ends without having begun was skipped, as a filter's denials are:
 * filters run before sys_enter. But a fork ends in the child, too, and of a thread
 * that was joined it is not known whether it was in a call. */
static __always_inline void end_of_nothing(struct thread *t, struct task_struct *task, u32 image, u32 nr, u32 error)
{
	if (t->newborn) {
		t->newborn = 0;
		return;
	}
	t->denied = 1;
	struct thread none = {};
	count(&none, call_of(image, entry_of(task, nr), nr) | 1ULL << CALL_DENIED, 0, error);
}

SEC("tp_btf/sys_exit")
int sys_exit(u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	long result = ctx[1];
	struct task_struct *task = current_task();
	u32 id = current_id(task);
	/* Who has a place is, or was, recorded. */
	struct thread *t = near_thread(id);
	if (!t) {
		if (!wanted_image(task))
			return 0;
		t = far_thread(task, id);
		if (!t) {
			new_thread(task, id);
			return 0;
		}
	}
	/* After rt_sigreturn there is no number, and the result is the one of the
	 * code that the signal interrupted. */
	u32 error = result < 0 && result >= -MAX_ERRNO && (u32)nr_of(regs) != (u32)-1 ? -result : 0;
	if (t->call) {
		count(t, t->call, bpf_ktime_get_ns() - t->start, error);
		t->call = 0;
		return 0;
	}
	u32 image = wanted_image(task);
	if (image)
		end_of_nothing(t, task, image, nr_of(regs), error);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int forked(u64 *ctx)
{
	struct task_struct *parent = (void *)ctx[0], *child = (void *)ctx[1];
	u32 from = parent->tgid, to = child->tgid, id = child->pid;
	u16 *image = number_at(&processes, from);
	if (!image || !*image)
		return 0;
	if (from != to)
		follow(to, per_process ? image_for(child, 0, 0) : *image);
	if (want_ends) {
		struct thread *t = new_thread(child, id);
		if (t)
			t->newborn = 1;
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
	u16 *image = number_at(&processes, process);
	if (!image || (!*image && !in_cgroup()))
		return 0;
	follow(process, image_for(task, binary->filename, 0));
	/* A thread that executes takes the number of its process. */
	if (want_ends && was != id)
		renumber_thread(was, id);
	return 0;
}

/* A filter's verdict to kill a thread ends it before any of the hooks. */
static __always_inline void killed(struct task_struct *task, struct thread *t, u32 image)
{
	if (!image || image & IMAGE_IGNORED || t->denied || t->newborn)
		return;
	if ((task->exit_code & 0x7f) != SIGSYS || task->signal->flags & SIGNAL_GROUP_EXIT)
		return;
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return; /* before Linux 5.15 */
	u32 nr = nr_of((struct pt_regs *)bpf_task_pt_regs(task));
	struct thread none = {};
	count(&none, call_of(image, entry_of(task, nr), nr) | 1ULL << CALL_DENIED, 0, 0);
}

SEC("tp_btf/sched_process_exit")
int exited(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	u32 id = task->pid, process = task->tgid;
	u16 *image = number_at(&processes, process);
	if (!image)
		return 0;
	/* Of the last two threads, both can be here when none is alive: then the process
	 * is forgotten before the second comes. */
	struct thread *t = want_ends ? thread_of(task, id) : 0;
	if (t) {
		if (t->call)
			count(t, t->call, 0, 0); /* exit, exit_group, or what it was killed in */
		else
			killed(task, t, *image);
		t->call = 0;
		forget_thread(id);
	}
	if (*image && !task->signal->live.counter) {
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

/* Counts the calls that go on when the recording ends. */
SEC("iter/task")
int finish(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	if (!task)
		return 0;
	struct thread *t = thread_of(task, task->pid);
	if (t && t->call) {
		count(t, t->call, 0, 0);
		t->call = 0;
	}
	return 0;
}
