/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* Knowing which processes are recorded, and what they run. */
#ifndef FOLLOW_H
#define FOLLOW_H

#include "maps.h"

/* The number of a process in the recorder's PID namespace, 0 if it has none. */
static __always_inline u32 pid_for_recorder(struct task_struct *task)
{
	enum { MAX_PID_NS_LEVEL = 32 };
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	u32 level = BPF_CORE_READ(pid, level);
	for (u32 i = 0; i <= MAX_PID_NS_LEVEL; i++) {
		if (i > level)
			break;
		struct upid upid = {};
		void *at = (void *)pid + bpf_core_field_offset(struct pid, numbers) + i * bpf_core_type_size(struct upid);
		struct pid_namespace *ns = 0;
		bpf_probe_read_kernel(&upid.nr, sizeof(upid.nr), at + bpf_core_field_offset(struct upid, nr));
		bpf_probe_read_kernel(&ns, sizeof(ns), at + bpf_core_field_offset(struct upid, ns));
		if (BPF_CORE_READ(ns, ns.inum) == pid_namespace)
			return upid.nr;
	}
	return 0;
}

static __always_inline struct identity identity_of(struct task_struct *task)
{
	struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);
	struct identity id = {
		.inode = BPF_CORE_READ(inode, i_ino),
		.size = BPF_CORE_READ(inode, i_size),
		.device = BPF_CORE_READ(inode, i_sb, s_dev),
		.generation = BPF_CORE_READ(inode, i_generation),
	};
	if (per_process) {
		id.process = BPF_CORE_READ(task, tgid);
		id.started = BPF_CORE_READ(task, start_time);
	}
	return id;
}

/* Returns the image that a process runs, which may be a new one. The path is that
 * of the exec, if one was seen. */
static __always_inline u32 image_for(struct task_struct *task, const char *path, u32 joined)
{
	struct identity id = identity_of(task);
	u32 *known = bpf_map_lookup_elem(&identities, &id);
	if (known)
		return *known;

	u32 number = 0;
	if (bpf_map_pop_elem(&unused_images, &number)) {
		lose(LOST_PROCESSES);
		return IMAGE_OTHERS;
	}
	long err = bpf_map_update_elem(&identities, &id, &number, BPF_NOEXIST);
	if (err) {
		/* Another processor was faster. */
		bpf_map_push_elem(&unused_images, &number, BPF_ANY);
		known = bpf_map_lookup_elem(&identities, &id);
		return known ? *known : IMAGE_OTHERS;
	}
	struct image *image = bpf_map_lookup_elem(&images, &number);
	if (!image)
		return IMAGE_OTHERS;
	image->pid = pid_for_recorder(task);
	image->parent = pid_for_recorder(BPF_CORE_READ(task, real_parent));
	image->joined = joined;
	image->identity = id;
	if (path)
		bpf_probe_read_kernel_str(image->path, sizeof(image->path), path);
	/* If there is no room, the file is found by its path in the end. */
	bpf_ringbuf_output(&announced, &number, sizeof(number), 0);
	return number;
}

static __always_inline void follow(u32 process, u32 image)
{
	if (bpf_map_update_elem(&live, &process, &image, BPF_ANY))
		lose(LOST_PROCESSES);
	u16 *running = number_at(&processes, process);
	if (running)
		*running = image;
}

#endif
