/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/*
 * What the programs keep. Everything is bounded, and what does not fit is
 * counted in the map "lost". The Go side reads these maps and knows their
 * layout: record/bpfmaps_linux.go.
 */
#ifndef MAPS_H
#define MAPS_H

#include "kernel.h"

enum {
	MAX_PID = 4 << 20,    /* PID_MAX_LIMIT on 64-bit kernels */
	MAX_IMAGES = 4096,    /* programs, or processes where these are told apart */
	MAX_PATH = 256,
	MAX_TRACKED = 3,      /* arguments of one call whose values are kept */
	MAX_NR = 512,         /* calls that have such arguments have lower numbers */
	MAX_VALUES = 64,      /* of one argument */
	MAX_DEPTH = 127,      /* of a stack */
	CELL_ERRORS = 2,      /* errors that a cell counts; a cell of its own has any other */
	CACHED = 4,           /* values that a cell remembers for each argument */
};

/* What the recorder asks for, set before the programs are loaded. */
const volatile u8 want_ends = 0;    /* time and errors, which need both hooks */
const volatile u8 want_stacks = 0;
const volatile u8 per_process = 0;
const volatile u8 has_task_storage = 0; /* Linux 5.12, which also hands out the current task */
const volatile u32 pid_namespace = 0; /* of the recorder: the inode of /proc/self/ns/pid */

/* Processes that execute in this control group, or below it, are recorded too. */
volatile u64 cgroup_id = 0;

/* By entry and number: a byte for each argument of the call whose values are
 * kept, 0 if there are no more: its index + 1, and 0x80 if all 64 bits count. */
const volatile u32 tracked[3 * MAX_NR] = {};

/*
 * A call is a u64, so that it can be a key of its own:
 * bits 0-31 the number, 32-45 the image, 46-47 the entry, 48 denied, 49-60 the
 * error's number. It is never 0, as no image is.
 */
enum {
	CALL_IMAGE = 32,
	CALL_ENTRY = 46,
	CALL_DENIED = 48,
	CALL_ERROR = 49,
};
#define CALL_WITHOUT_END ((1ULL << CALL_DENIED) - 1)

/* Images that are not programs of their own. 0 is no image. */
enum {
	IMAGE_LAUNCHER = 1, /* the child that becomes the command */
	IMAGE_OTHERS = 2,   /* those for which there was no room */
	IMAGE_IGNORED = 1 << 15, /* a bit: its calls are not wanted */
};

/* The kernel gives an element of an array 8 bytes at least: four numbers. */
enum { PER_ELEMENT = 4 };

struct numbers {
	u16 of[PER_ELEMENT];
};

/* By process, as the first PID namespace numbers them: the image that it runs, 0 if
 * it is not recorded. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_PID / PER_ELEMENT);
	__type(key, u32);
	__type(value, struct numbers);
} processes SEC(".maps");

static __always_inline u16 *number_at(void *map, u32 index)
{
	u32 element = index / PER_ELEMENT;
	struct numbers *n = bpf_map_lookup_elem(map, &element);
	return n ? &n->of[index % PER_ELEMENT] : 0;
}

/* The processes that are recorded and have not ended. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, u32);
} live SEC(".maps");

/* The processes to join, in the recorder's PID namespace; 1 for the child that
 * becomes the command. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, u32);
} wanted SEC(".maps");

/* What tells one image from another: its file, and the process if asked for. */
struct identity {
	u64 inode;
	u64 size;
	u64 started;
	u32 device;
	u32 generation;
	u32 process;
	u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_IMAGES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct identity);
	__type(value, u32); /* the image */
} identities SEC(".maps");

struct image {
	u32 pid, parent; /* of the first process, in the recorder's PID namespace */
	u32 joined;      /* it ran before */
	u32 unused;
	struct identity identity;
	char path[MAX_PATH]; /* as it was executed, "" if it was not seen */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_IMAGES);
	__type(key, u32);
	__type(value, struct image);
} images SEC(".maps");

/* The images that are free. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, MAX_IMAGES);
	__type(value, u32);
} unused_images SEC(".maps");

/* New images, so that the recorder can open their files while these are there. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} announced SEC(".maps");

/* What is counted of one call. */
struct cell {
	u64 calls;
	u64 time;
	u32 errors[CELL_ERRORS]; /* the first that there were, 0 is none */
	u64 failed[CELL_ERRORS];
	u64 valid; /* which of those below are set */
	u64 seen[MAX_TRACKED][CACHED];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1 << 14);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, struct cell);
} cells SEC(".maps");

/* Most calls are by the native entry and not denied. Their cells are found without
 * hashing: "near" has, by image and number, the cell in "near_cells", whose call is
 * in "near_calls". When these are full, "cells" is for all. Two processors may take
 * two cells for one call at the same time: the reader adds up. */
enum { MAX_NEAR = 2048 };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_IMAGES * MAX_NR / PER_ELEMENT);
	__type(key, u32);
	__type(value, struct numbers); /* 0 is none */
} near SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_NEAR);
	__type(key, u32);
	__type(value, struct cell);
} near_cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_NEAR);
	__type(key, u32);
	__type(value, u64);
} near_calls SEC(".maps");

/* The cells that are free. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, MAX_NEAR);
	__type(value, u32);
} unused_cells SEC(".maps");

/* Values of arguments. */
struct value {
	u64 call;
	u64 argument; /* 0 for the first that is tracked */
	u64 value;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct value);
	__type(value, u8);
} values SEC(".maps");

struct set {
	u64 call;
	u64 argument;
};

struct set_size {
	u64 size;
	u64 any; /* there were more than are kept */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 14);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct set);
	__type(value, struct set_size);
} sets SEC(".maps");

/* The call that a thread is in. A thread has none before its first call was seen,
 * unless its birth was. */
struct thread {
	u64 call;  /* 0 if it is in none */
	u64 start; /* ns */
	u64 stack;
	u64 args[MAX_TRACKED];
	u32 tracked;
	u8 newborn; /* the next thing to be seen is the end of the fork */
	u8 denied;  /* the last thing that was seen was a call that was denied */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} thread_storage SEC(".maps");

/* The same for kernels that cannot keep it with the thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 16);
	__type(key, u32);
	__type(value, struct thread);
} threads SEC(".maps");

/* Either takes a call of a helper at both ends of each system call. Most threads are
 * therefore found without one: "places" has, by thread, the place in "near_threads".
 * Two processors write to neighbours all the time, which have no cache line (nor a
 * pair of them) in common. */
enum { MAX_NEAR_THREADS = 4096, LINES = 128 };

struct near_thread {
	struct thread thread;
	u8 apart[LINES - sizeof(struct thread)];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_PID / PER_ELEMENT);
	__type(key, u32);
	__type(value, struct numbers); /* 0 is none */
} places SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_NEAR_THREADS);
	__type(key, u32);
	__type(value, struct near_thread);
} near_threads SEC(".maps");

/* The places that are free. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, MAX_NEAR_THREADS);
	__type(value, u32);
} unused_places SEC(".maps");

/* A stack: the word at the stack pointer, then the addresses from the call on.
 * They are relative to the start of the program's code, OUTSIDE if not in it. */
struct stack {
	u64 depth; /* without the word */
	u64 pcs[MAX_DEPTH + 1];
};
#define OUTSIDE (~0ULL)

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct stack);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 14);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64); /* a hash of it, and of the image */
	__type(value, struct stack);
} stacks SEC(".maps");

struct way {
	u64 call;
	u64 stack;
};

struct way_cell {
	u64 calls;
	u64 time;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1 << 15);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct way);
	__type(value, struct way_cell);
} ways SEC(".maps");

enum lost { LOST_EVENTS, LOST_STACKS, LOST_VALUES, LOST_PROCESSES, LOST_KINDS };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOST_KINDS);
	__type(key, u32);
	__type(value, u64);
} lost SEC(".maps");

static __always_inline void lose(u32 what)
{
	u64 *n = bpf_map_lookup_elem(&lost, &what);
	if (n)
		(*n)++;
}

#endif
