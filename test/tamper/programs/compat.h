// SPDX-License-Identifier: Apache-2.0
/* System calls as 32-bit programs make them, from a program of 64 bits. */
#pragma once

#include "tamper.h"

#define I386_OPEN   5
#define I386_UNLINK 10
#define I386_RENAME 38

#ifdef __x86_64__
/* A copy that an address of 32 bits leads to. */
static long low(const char *text)
{
	char *copy = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (copy == MAP_FAILED)
		must(-1);
	strcpy(copy, text);
	return (long)copy;
}

static void no_such_interrupt(int signal)
{
	(void)signal;
	errno = ENOSYS;
	unsupported("int 0x80");
}

static long int80(long number, long a, long b, long c)
{
	long result;

	signal(SIGSEGV, no_such_interrupt);
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c)
			 : "r8", "r9", "r10", "r11", "memory");
	if ((int)result < 0) {
		errno = -(int)result;
		return need(-1);
	}
	return result;
}
#else
static long low(const char *text)
{
	(void)text;
	errno = ENOSYS;
	unsupported("int 0x80");
}

static long int80(long number, long a, long b, long c)
{
	return number + a + b + c;
}
#endif
