// SPDX-License-Identifier: Apache-2.0
/*
 * Carries out a plan of file operations: real system calls by racing threads and processes. plan.ts writes
 * the plan and says what each operation does; here they are only done. What fails is counted, not reported:
 * random operations often fail, and failing is as good an answer as any.
 *
 *     workload NAME FOLDER < PLAN
 *
 * NAME becomes the name of every task, so that their events are told from those of others. A plan is lines of
 * words: `lane thread|process` begins a lane, `repeat N`, `fork` and `end` bracket operations, `setup` ends
 * what is done before the lanes start. Words of text are percent-encoded and begin with `=`.
 *
 * A lane that settles writes `w LANE WHAT` to standard output and goes on when a line with its number comes back.
 * The last line is `d DONE FAILED`.
 */
#include "operations.h"

static char *decode(const char *word)
{
	char *text = strdup(word + 1), *to = text;

	for (const char *from = text; *from; from++) {
		unsigned int byte;

		if (*from == '%' && sscanf(from + 1, "%2x", &byte) == 1) {
			*to++ = (char)byte;
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = 0;
	return text;
}

static void parse_line(char *line)
{
	struct op *op;
	char *rest = NULL;

	if (op_count % 1024 == 0) {
		ops = realloc(ops, (op_count + 1024) * sizeof(*ops));
		if (!ops)
			die("memory");
	}
	op = &ops[op_count];
	memset(op, 0, sizeof(*op));
	op->name = strdup(strtok_r(line, " \n", &rest));
	for (char *word; (word = strtok_r(NULL, " \n", &rest)) && op->words < WORDS_MAX; op->words++) {
		if (word[0] == '=')
			op->text[op->words] = decode(word);
		else
			op->number[op->words] = strtol(word, NULL, 0);
	}
	op_count++;
}

static void parse(void)
{
	static char line[LINE_MAX_BYTES];
	int open[64], depth = 0;

	while (fgets(line, sizeof(line), stdin) && strcmp(line, ".\n") != 0)
		parse_line(line);
	for (int i = 0; i < op_count; i++) {
		const char *name = ops[i].name;

		if (strcmp(name, "repeat") == 0 || strcmp(name, "fork") == 0) {
			if (depth == 64)
				die("brackets nested too deeply");
			open[depth++] = i;
		} else if (strcmp(name, "end") == 0 && depth > 0) {
			ops[open[--depth]].end = i;
		}
	}
	if (depth)
		die("a bracket without its end");
}

/* No lane outlives the program. */
static void become_child(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void run(struct lane *lane, int first, int last)
{
	for (int i = first; i < last; i++) {
		struct op *op = &ops[i];
		const char *name = op->name;

		if (IS("repeat")) {
			for (long n = 0; n < op->number[0]; n++)
				run(lane, i + 1, op->end);
			i = op->end;
		} else if (IS("fork")) {
			pid_t child = fork();

			if (child == 0) {
				become_child();
				in_child = true;
				run(lane, i + 1, op->end);
				_exit(0);
			}
			if (child > 0)
				waitpid(child, NULL, 0);
			i = op->end;
		} else {
			atomic_fetch_add(execute(lane, op) < 0 ? &shared->failed : &shared->done, 1);
		}
	}
}

static void *lane_main(void *argument)
{
	struct lane *lane = argument;

	/* An event, which says since when there is this thread. */
	if (chdir(folder) < 0)
		return NULL;
	run(lane, lane->first, lane->last);
	return NULL;
}

/* Gives lanes their turn, as lines on standard input name them. */
static void *turns_main(void *unused)
{
	char line[64];

	while (fgets(line, sizeof(line), stdin)) {
		int lane = atoi(line);

		if (lane >= 0 && lane < LANES_MAX)
			sem_post(&shared->go[lane]);
	}
	exit(4); /* whoever started this is gone */
	return unused;
}

static void split_into_lanes(void)
{
	int first = 0;

	for (int i = 0; i <= op_count; i++) {
		if (i < op_count && strcmp(ops[i].name, "lane") != 0)
			continue;
		if (lane_count == LANES_MAX)
			die("too many lanes");
		/* Lane 0 is what comes before the others: the preparations. */
		lanes[lane_count].number = lane_count;
		lanes[lane_count].first = first;
		lanes[lane_count].last = i;
		memset(lanes[lane_count].fds, -1, sizeof(lanes[lane_count].fds));
		if (lane_count > 0)
			lanes[lane_count].is_thread = ops[first - 1].number[0];
		lane_count++;
		first = i + 1;
	}
}

int main(int argc, char **argv)
{
	pthread_t turns;
	pid_t children[LANES_MAX] = {};

	if (argc != 3) {
		fprintf(stderr, "usage: workload NAME FOLDER < PLAN\n");
		return 2;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	for (int i = 0; i < LANES_MAX; i++)
		sem_init(&shared->go[i], 1, 0);
	parse();
	split_into_lanes();
	umask(0);
	folder = argv[2];
	if (chdir(folder) < 0)
		die(folder);
	prctl(PR_SET_NAME, argv[1]);
	pthread_create(&turns, NULL, turns_main, NULL);
	run(&lanes[0], lanes[0].first, lanes[0].last);
	for (int i = 1; i < lane_count; i++) {
		if (lanes[i].is_thread)
			continue;
		children[i] = fork();
		if (children[i] == 0) {
			become_child();
			run(&lanes[i], lanes[i].first, lanes[i].last);
			_exit(0);
		}
	}
	for (int i = 1; i < lane_count; i++)
		if (lanes[i].is_thread)
			pthread_create(&lanes[i].thread, NULL, lane_main, &lanes[i]);
	for (int i = 1; i < lane_count; i++) {
		if (lanes[i].is_thread)
			pthread_join(lanes[i].thread, NULL);
		else if (children[i] > 0)
			waitpid(children[i], NULL, 0);
	}
	printf("d %ld %ld\n", atomic_load(&shared->done), atomic_load(&shared->failed));
	fflush(stdout);
	_exit(0);
}
