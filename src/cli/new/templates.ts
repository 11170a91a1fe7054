/** A project to begin with: a folder in `templates/`, and what its `package.json` needs. */
export interface Template {
  /** What it makes, without a full stop. */
  readonly summary: string
  /** Packages that it needs besides Millrace, at the versions that Millrace is tested with. */
  readonly packages: readonly string[]
  /** A first request to the running Flow. */
  readonly firstCall: string
}

/** By name; the first is the default. */
export const templates: ReadonlyMap<string, Template> = new Map([
  [
    'minimal',
    { summary: 'one Executor with two replicas', packages: [], firstCall: 'npx millrace call /shout hello' },
  ],
  [
    'search',
    {
      summary: 'an encoder, and a vector index in two shards',
      packages: ['@lancedb/lancedb', 'apache-arrow'],
      firstCall: "npx millrace call /index 'warm water' 'cold fire'",
    },
  ],
  [
    'typed',
    {
      summary: 'an HTTP service that checks what it gets and answers',
      packages: ['zod'],
      firstCall: "npx millrace call /read 'one two three'",
    },
  ],
])
