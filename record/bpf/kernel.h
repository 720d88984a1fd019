/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/*
 * What record.c needs of the kernel: the types of libbpf's helpers, a few
 * constants of linux/bpf.h, and the fields that are read of the kernel's own
 * structures. The loader finds where these are in the running kernel (CO-RE), so
 * neither their order nor their offsets matter here.
 */
#ifndef KERNEL_H
#define KERNEL_H

typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1 << 0,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1 << 0,
	BPF_F_USER_STACK = 1 << 8,
};

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_QUEUE = 22,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

/* It is looked up in the running kernel, to see whether that has the helper. */
enum bpf_func_id {
	BPF_FUNC_task_pt_regs = 175,
};

enum {
	EEXIST = 17,
	SIGSYS = 31,
	MAX_ERRNO = 4095,
	SIGNAL_GROUP_EXIT = 0x4, /* linux/sched/signal.h */
};

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long bp, bx, r10, r9, r8, cx, dx, si, di, orig_ax, ip, sp;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	u64 regs[31];
	u64 sp, pc, orig_x0;
	int syscallno;
};
#else
#error "there is no record.c for this architecture"
#endif

struct thread_info {
	unsigned long flags;
	u32 status; /* x86 */
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
	unsigned int flags;
};

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct super_block {
	u32 s_dev;
};

struct inode {
	unsigned long i_ino;
	u32 i_generation;
	long long i_size;
	struct super_block *i_sb;
};

struct file {
	struct inode *f_inode;
};

struct mm_struct {
	unsigned long start_code, end_code;
	struct file *exe_file;
};

struct task_struct {
	struct thread_info thread_info;
	int pid, tgid, exit_code;
	u64 start_time;
	struct mm_struct *mm;
	struct pid *thread_pid;
	struct signal_struct *signal;
	struct task_struct *real_parent;
};

struct linux_binprm {
	const char *filename;
};

struct bpf_iter__task {
	struct task_struct *task;
};

#pragma clang attribute pop

#endif
