/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* What differs between architectures: registers, and the entries of the kernel. */
#ifndef ARCH_H
#define ARCH_H

#include "kernel.h"
#include "maps.h"

/* The number spaces of system calls that a process can use. */
enum entry {
	ENTRY_NATIVE = 0,
	ENTRY_COMPAT = 1, /* i386 on amd64, arm on arm64 */
	ENTRY_X32 = 2,
};

/* Reads a field of the current task, of which task is a pointer that may be followed
 * if the kernel hands out such. */
#define FROM_CURRENT(task, field) \
	(has_task_storage ? (task)->field : BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), field))

#if defined(__TARGET_ARCH_x86)

enum {
	TS_COMPAT = 0x2, /* asm/thread_info.h */
	X32_BIT = 0x40000000,
};

/* A 64-bit program can use the i386 entry (INT 0x80): what kind of program it is
 * tells nothing. */
static __always_inline u32 entry_of(struct task_struct *task, u32 nr)
{
	if (FROM_CURRENT(task, thread_info.status) & TS_COMPAT)
		return ENTRY_COMPAT;
	return nr & X32_BIT && nr != (u32)-1 ? ENTRY_X32 : ENTRY_NATIVE;
}

static __always_inline u32 base_nr(u32 nr) { return nr & ~X32_BIT; }

static __always_inline long nr_of(struct pt_regs *regs) { return regs->orig_ax; }

static __always_inline u64 sp_of(struct pt_regs *regs) { return regs->sp; }

static __always_inline u64 arg_of(struct pt_regs *regs, u32 entry, u32 i)
{
	if (entry == ENTRY_COMPAT) {
		switch (i) {
		case 0: return regs->bx;
		case 1: return regs->cx;
		case 2: return regs->dx;
		case 3: return regs->si;
		case 4: return regs->di;
		}
		return regs->bp;
	}
	switch (i) {
	case 0: return regs->di;
	case 1: return regs->si;
	case 2: return regs->dx;
	case 3: return regs->r10;
	case 4: return regs->r8;
	}
	return regs->r9;
}

#elif defined(__TARGET_ARCH_arm64)

enum { TIF_32BIT = 22 }; /* asm/thread_info.h */

static __always_inline u32 entry_of(struct task_struct *task, u32 nr)
{
	return FROM_CURRENT(task, thread_info.flags) >> TIF_32BIT & 1 ? ENTRY_COMPAT : ENTRY_NATIVE;
}

static __always_inline u32 base_nr(u32 nr) { return nr; }

static __always_inline long nr_of(struct pt_regs *regs) { return regs->syscallno; }

static __always_inline u64 sp_of(struct pt_regs *regs) { return regs->sp; }

static __always_inline u64 arg_of(struct pt_regs *regs, u32 entry, u32 i)
{
	switch (i) {
	case 0: return regs->orig_x0;
	case 1: return regs->regs[1];
	case 2: return regs->regs[2];
	case 3: return regs->regs[3];
	case 4: return regs->regs[4];
	}
	return regs->regs[5];
}

#endif

#endif
