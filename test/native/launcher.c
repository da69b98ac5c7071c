// SPDX-License-Identifier: Apache-2.0
/*
 * Starts programs one after the other, each in a folder of its own: what a shell would do, told apart.
 *
 *     launcher ARGUMENT < LIST
 *
 * LIST has lines of a folder and a program, with a tab between; each program gets the argument. Writes `begin PID`,
 * what the program writes to standard output and error, and `end STATUS` on a line of its own; a status over 128 is a
 * signal.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* No program takes as long unless it hangs. */
#define SECONDS_MAX 60

static _Noreturn void become(int told, const char *folder, const char *program,
			     const char *argument)
{
	char byte;

	if (setpgid(0, 0) == 0 && read(told, &byte, 1) == 1 &&
	    dup2(STDOUT_FILENO, STDERR_FILENO) >= 0 &&
	    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO) >= 0 &&
	    chdir(folder) == 0) {
		close(told);
		alarm(SECONDS_MAX);
		execl(program, program, argument, NULL);
	}
	perror(program);
	_exit(127);
}

int main(int argc, char **argv)
{
	char line[2 * PATH_MAX];

	if (argc != 2)
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		char *folder = strtok(line, "\t\n"), *program = strtok(NULL, "\t\n");
		int ends[2], status;
		pid_t child;

		if (!folder || !program || pipe2(ends, O_CLOEXEC) < 0)
			return 2;
		child = fork();
		if (child == 0)
			become(ends[0], folder, program, argv[1]);
		printf("begin %d\n", child);
		fflush(stdout);
		if (child < 0 || write(ends[1], "g", 1) != 1 || waitpid(child, &status, 0) < 0)
			return 2;
		/* Children that it has left. */
		kill(-child, SIGKILL);
		close(ends[0]);
		close(ends[1]);
		printf("\nend %d\n",
		       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		fflush(stdout);
	}
	return 0;
}
