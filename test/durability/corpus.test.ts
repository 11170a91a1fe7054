import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { DocumentArray, type HandlerContext } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import { afterAll, expect, test } from 'vitest'
import { seeded } from '../../src/lib/seeded.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-corpus-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const count = 50_000
const kills = 20
/** Documents of one request. */
const most = 100
const random = seeded(5)
const context = { parameters: {}, signal: new AbortController().signal } as unknown as HandlerContext
const fixture = fileURLToPath(new URL('../fixtures/corpus-writer.mjs', import.meta.url))

/** Indexes from `from` on, and is killed some time after `until` are acknowledged. Resolves with the number acknowledged. */
async function write(from: number, until: number): Promise<number> {
  const child = spawn(process.execPath, [fixture, folder, String(from), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let acknowledged = from
  let timer: NodeJS.Timeout | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line)
    // at any moment of a request
    if (acknowledged >= until) timer ??= setTimeout(() => child.kill('SIGKILL'), random() * 60)
  }
  await exited
  clearTimeout(timer)
  return acknowledged
}

async function stored(): Promise<number> {
  const indexer = new VectorIndexer({ workspace: folder })
  try {
    const { count: rows } = (await indexer.count(new DocumentArray(), context)) as { count: number }
    return rows
  } finally {
    await indexer.close()
  }
}

test(`${count} documents are there once each, though their writer is killed ${kills} times`, async () => {
  let acknowledged = 0
  for (let kill = 0; kill < kills; kill++) {
    const share = (count - most) / kills
    acknowledged = await write(acknowledged, Math.floor((kill + random()) * share))
    const rows = await stored()
    // the request in flight may be stored, as a whole
    expect([acknowledged, acknowledged + most]).toContain(rows)
  }
  expect(acknowledged).toBeLessThan(count)
  expect(await write(acknowledged, Number.POSITIVE_INFINITY)).toBe(count)
  const indexer = new VectorIndexer({ workspace: folder })
  expect(await indexer.count(new DocumentArray(), context)).toEqual({ count })
  for (let from = 0; from < count; from += 5000) {
    const ids = Array.from({ length: 5000 }, (_, at) => `d${from + at}`)
    const found = await indexer.get(new DocumentArray(ids.map((id) => ({ id }))), context)
    expect(found.texts).toEqual(ids.map((id) => `text ${id.slice(1)}`))
  }
  await indexer.close()
})
