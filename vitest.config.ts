/**
 * Test projects. Which kind of machine a test needs decides its project, by the suffix of its file's name:
 * `.test.ts` any, `.integration.test.ts` installed services, `.privileged.test.ts` root and this kernel's BPF,
 * `.vm.test.ts` QEMU.
 */
import { defineConfig } from "vitest/config";

const shared = { environment: "node" as const, exclude: ["**/node_modules/**", "**/build/**"] };

export default defineConfig({
  test: {
    // The default leaves one processor free, of two that is half.
    maxWorkers: "100%",
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          // Most of a unit test's time is loading its modules: the files of one worker share them.
          isolate: false,
          pool: "threads",
          testTimeout: 20_000,
          include: ["**/*.test.ts"],
          exclude: [...shared.exclude, "**/*.{integration,privileged,vm}.test.ts"],
        },
      },
      {
        test: {
          ...shared,
          name: "integration",
          include: ["**/*.integration.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          ...shared,
          name: "privileged",
          include: ["**/*.privileged.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: { ...shared, name: "vm", include: ["**/*.vm.test.ts"], testTimeout: 1_000_000, fileParallelism: false },
      },
    ],
  },
});
