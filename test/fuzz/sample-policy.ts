/** A policy with something of everything, to be mutated. */
export const SAMPLE_POLICY = `version: 1.2.3
type: policy
macros:
  - id: shadows
    values: [/etc/shadow, /etc/gshadow]
  - id: shadows
    combine: merge
    values: [/etc/shadow-]
  - id: writing
    expression: open.flags & (O_WRONLY | O_RDWR) > 0
    agent_version: ">= 7.40, < 8"
rules:
  - id: a
    version: 1.0.0
    description: "text: \\u00e9"
    expression: >-
      open.file.path in shadows
      && writing && open.file.path != "/proc/\${process.pid}/x"
    tags: { severity: high }
    every: 10s
    limiter_token: [process.file.path]
    actions:
      - set: { name: count, expression: "\${process.count} + 1", scope: process, ttl: 5m, default_value: 0 }
        filter: process.uid in [0, 1, 2]
      - set: { name: files, field: open.file.path, append: true, size: 10, scope: container }
      - kill: { signal: SIGKILL, scope: process }
      - hash: { field: open.file, max_file_size: 1024 }
  - id: b
    expression: 'unlink.file.path =~ "/etc/**" && process.ancestors.comm not in ["it''s", ~"x*", r"^(a|b)+[0-9]{2,5}$"]'
    filters: ['os.id == "debian" || kernel.version.major >= 6', os.is_windows]
  - id: c
    expression: |
      rename.file.path == "/a" || rename.file.destination.name == "b" # comment
    disabled: false
    silent: true
  - id: d
    expression: fim.write.file.path in [~"/etc/cron.*/**"] && container.created_at > 90s && \${process.count} > 2
    priority: 3
  - id: d
    combine: override
    override_options: { fields: [tags] }
    tags: { a: [b, c] }
  - id: e
    expression: exec.file.name == "sh" && process.user_session.ssh_client_ip allin [10.0.0.0/8, ::1] && "/x" in \${container.files}
`;
