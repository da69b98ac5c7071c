/** A tenant's repository behind a real HTTP server on loopback, for the tests; hostile on request. */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { sha256 } from "./canonical.ts";
import { localSigner, type Signer } from "./keys.ts";
import { assembleBundle, BUNDLE_FILES, type Bundle } from "./manifest.ts";
import {
  DEFAULT_LIFETIMES,
  type Document,
  type Lifetimes,
  ROLES,
  type RoleName,
  signRoot,
  signSnapshot,
  signTargets,
  signTimestamp,
  targetContent,
  targetName,
} from "./repository.ts";

export function newSigner(): Signer {
  return localSigner(generateKeyPairSync("ed25519").privateKey);
}

/** A module with one memory, min 1 and max 2 pages, and a custom section to tell modules apart. */
export function tinyModule(tag: string): Uint8Array {
  const name = new TextEncoder().encode(tag);
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[5, 4, 1, 1, 1, 2],
    ...[7, 10, 1, 6, ...new TextEncoder().encode("memory"), 2, 0],
    ...[0, name.length + 1, name.length, ...name],
  ]);
}

export function tinyBundle(tenant: string, tag = "a"): Bundle {
  return assembleBundle({
    tenant,
    wasm: tinyModule(tag),
    seeds: {
      format: "weir-seeds/1",
      interests: [{ event: "open", flagsAny: 3, unfiltered: false }],
      approvers: [{ event: "open", kind: "path", slot: "file", value: "/etc/passwd", flagsAny: 3 }],
    },
    rules: [{ id: "passwd", event: "open", tags: { tag }, expression: 'open.file.path == "/etc/passwd"' }],
    sources: [{ name: "policy.yaml", text: `rules: # ${tag}\n\t- id: passwd\n` }],
    compiler: { name: "weir", version: "0.1.0" },
  });
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export class Repository {
  readonly tenant: string;
  readonly signers: Record<RoleName, Signer> = {
    root: newSigner(),
    targets: newSigner(),
    snapshot: newSigner(),
    timestamp: newSigner(),
  };
  lifetimes: Lifetimes = DEFAULT_LIFETIMES;
  now = new Date();
  /** Path → content, as served. */
  readonly files = new Map<string, Uint8Array>();
  /** Path → behaviour in place of the content. */
  readonly overrides = new Map<string, Handler>();
  readonly requests: string[] = [];
  readonly versions: Record<RoleName, number> = { root: 0, targets: 0, snapshot: 0, timestamp: 0 };
  root!: Document;
  last!: { targets: Document; snapshot: Document; timestamp: Document };
  #server: ReturnType<typeof createServer> | undefined;
  url = "";

  constructor(tenant = "acme") {
    this.tenant = tenant;
  }

  async start(): Promise<this> {
    this.#server = createServer((request, response) => this.#answer(request, response));
    await new Promise<void>((resolve) => this.#server?.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    await this.publishRoot();
    await this.publish(tinyBundle(this.tenant));
    return this;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  context(role: RoleName, version = ++this.versions[role]) {
    return { version, now: this.now, lifetimeMs: this.lifetimes[role], signers: [this.signers[role]] };
  }

  async publishRoot(extraSigners: readonly Signer[] = []): Promise<void> {
    const keys = (role: RoleName) => ({ keys: [this.signers[role].key], threshold: 1 });
    const roles = Object.fromEntries(ROLES.map((role) => [role, keys(role)])) as Record<
      RoleName,
      ReturnType<typeof keys>
    >;
    const context = this.context("root");
    this.root = await signRoot(
      { tenant: this.tenant, roles },
      { ...context, signers: [...context.signers, ...extraSigners] },
    );
    this.put(this.root);
  }

  async publish(bundle: Bundle): Promise<void> {
    for (const name of BUNDLE_FILES)
      this.files.set(`/targets/${targetName(name, sha256(bundle.files[name]))}`, bundle.files[name]);
    const contents = Object.fromEntries(BUNDLE_FILES.map((name) => [name, targetContent(bundle.files[name])]));
    const targets = await signTargets(contents, this.context("targets"));
    const snapshot = await signSnapshot(targets, this.context("snapshot"));
    const timestamp = await signTimestamp(snapshot, this.context("timestamp"));
    this.last = { targets, snapshot, timestamp };
    for (const document of [targets, snapshot, timestamp]) this.put(document);
  }

  put(document: Pick<Document, "name" | "bytes">): void {
    this.files.set(`/metadata/${document.name}`, document.bytes);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? "";
    this.requests.push(path);
    const override = this.overrides.get(path);
    if (override !== undefined) {
      override(request, response);
      return;
    }
    const body = this.files.get(path);
    if (body === undefined) return void response.writeHead(404).end();
    const etag = `"${sha256(body)}"`;
    if (request.headers["if-none-match"] === etag) return void response.writeHead(304, { etag }).end();
    response.writeHead(200, { etag, "content-length": body.length }).end(body);
  }
}
