/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What differs between kernels in the language of programs itself. The sources are built for kernels since 6.13,
 * with WEIR_WITHOUT_NAMES for those before, and with WEIR_LEGACY for those before 5.17, which lack
 *
 *   bpf_loop (5.17)                         REPEATED, a bounded loop over a global function
 *   pointers as arguments of global
 *   functions (5.13)                        GLOBAL, static there: checked again at each call
 *   bpf_get_func_arg, _ret (5.17)           argument(), returned(): the context read as memory
 *   bpf_get_current_task_btf (5.11), typed
 *   pointers in many places                 current_task(), KNOWN
 *   atomic operations with a result (5.12)  hold(), release()
 *
 * The decisions of a program are the same in all, to the last step of every walk.
 */
#pragma once

#include "maps.h"

/*
 * Judging by other names (names.h) nests calls deeper than the 512 bytes of stack that they have together; since 6.13
 * each has a stack of its own, on x86.
 */
#if !defined(WEIR_LEGACY) && !defined(WEIR_WITHOUT_NAMES)
#define WEIR_NAMES
#endif

#ifdef WEIR_LEGACY

#define GLOBAL	       static __noinline
#define current_task() ((struct task_struct *)bpf_get_current_task())

/* A member of a structure that the verifier would know, as KNOWN(task, nsproxy, mnt_ns). */
#define KNOWN(pointer, ...) BPF_CORE_READ(pointer, __VA_ARGS__)

#else

#define GLOBAL		    __noinline
#define current_task()	    bpf_get_current_task_btf()
#define KNOWN(pointer, ...) ___arrow(pointer, __VA_ARGS__)

#endif

/*
 * A value for each task: name_of_task(create), NULL where there is none, no memory, or another task's program is at it.
 * Before 5.11 there is no storage with the task itself: they are kept by thread, and the least recently used go.
 */
#ifdef WEIR_LEGACY
#define TASKS_MAX 16384
#define OF_TASKS(name, type_of_value)                                     \
	struct {                                                          \
		__uint(type, BPF_MAP_TYPE_LRU_HASH);                      \
		__uint(max_entries, TASKS_MAX);                           \
		__type(key, __u64);                                       \
		__type(value, type_of_value);                             \
	} name SEC(".maps");                                              \
	static __always_inline type_of_value *name##_of_task(bool create) \
	{                                                                 \
		__u64 id = bpf_get_current_pid_tgid();                    \
		type_of_value none = { 0 }, *value;                       \
		value = bpf_map_lookup_elem(&name, &id);                  \
		if (value || !create)                                     \
			return value;                                     \
		bpf_map_update_elem(&name, &id, &none, BPF_ANY);          \
		return bpf_map_lookup_elem(&name, &id);                   \
	}
#else
#define OF_TASKS(name, type_of_value)                                                     \
	struct {                                                                          \
		__uint(type, BPF_MAP_TYPE_TASK_STORAGE);                                  \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                     \
		__type(key, int);                                                         \
		__type(value, type_of_value);                                             \
	} name SEC(".maps");                                                              \
	static __always_inline type_of_value *name##_of_task(bool create)                 \
	{                                                                                 \
		return bpf_task_storage_get(&name, bpf_get_current_task_btf(), NULL,      \
					    create ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0); \
	}
#endif

/*
 * Bounds an index by a power of two, after the check that says what happens beyond it. Old verifiers forget that check
 * where the compiler has kept the value on the stack meanwhile.
 */
#define BOUND(index, size)           \
	do {                         \
		(index) &= (size)-1; \
		barrier_var(index);  \
	} while (0)

/*
 * Takes a word that is 0 while nobody has it. The memory is that of one CPU: who preempts on it may come between any
 * two instructions. The older way may turn both away when two try at once, never let both in.
 */
static __always_inline bool hold(__u32 *word)
{
#ifdef WEIR_LEGACY
	__sync_fetch_and_add(word, 1);
	if (*(volatile __u32 *)word == 1)
		return true;
	__sync_fetch_and_add(word, -1);
	return false;
#else
	return !__sync_lock_test_and_set(word, 1);
#endif
}

static __always_inline void release(__u32 *word)
{
#ifdef WEIR_LEGACY
	__sync_fetch_and_add(word, -1);
#else
	*(volatile __u32 *)word = 0;
#endif
}

/*
 * Arguments and result of the function that a program hangs on, as numbers: the typed pointers that the verifier
 * sees in the context itself are no arguments for global functions. The result lies behind the arguments.
 */
static __always_inline __u64 argument(void *ctx, __u32 n)
{
	__u64 value = 0;

#ifdef WEIR_LEGACY
	bpf_probe_read_kernel(&value, sizeof(value), (__u64 *)ctx + n);
#else
	bpf_get_func_arg(ctx, n, &value);
#endif
	return value;
}

/* `parameters`: how many the function has, where this is an old kernel. */
static __always_inline __u64 returned(void *ctx, __u32 parameters)
{
#ifdef WEIR_LEGACY
	return argument(ctx, parameters);
#else
	__u64 value = 0;

	bpf_get_func_ret(ctx, &value);
	return value;
#endif
}

/* Of a function that returns 0 or an error. */
static __always_inline int result_of(void *ctx, __u32 parameters)
{
	return returned(ctx, parameters);
}

/*
 * Has the verifier forget what it knows of a value on the stack. Before 6.7 it looks at the callback of a loop once, with
 * what is known of its context then, and removes what that excludes: nothing may be known of what turns change.
 */
static __always_inline void forget(void *value, __u32 bytes)
{
	bpf_probe_read_kernel(value, bytes, value);
}

/* Before 5.12 functions have no parameter for the id mapping of a mount: the others move up by one. */
#ifdef WEIR_LEGACY
#define MAPPED(n) ((n)-options.unmapped)
#else
#define MAPPED(n) (n)
#endif
