/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What every file here includes first: types, helpers, CO-RE. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "../include/kernel.h"
#include "../include/record.h"

#ifndef NULL
#define NULL ((void *)0)
#endif
