import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadEngine } from './engine.js'
import { encodeRows } from './encode-rows.js'
import { Store } from './store.js'

it('concurrent callers share one check, which sees everything committed before they called', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-store-'))
  const options = { dim: 2, columns: {}, staleMs: 0 }
  const [writing, reading] = [new Store({ folder, options }), new Store({ folder, options })]
  try {
    await writing.create(2, 1)
    const { number, live } = (await writing.latest())!
    const engine = await loadEngine()
    for (let commit = 1; commit <= 5; commit++) {
      const early = reading.latest()
      // begins with the next microtask
      await Promise.resolve()
      const row = { id: `${commit}`, vector: Float32Array.of(1, 2), document: new Uint8Array(), columns: [] }
      await live.add(encodeRows(engine, [row], { columns: {}, commit }))
      const waiting = [reading.latest(), reading.latest(), reading.latest({ exactly: true })]
      expect(new Set(waiting).size).toBe(1)
      expect(waiting[0]).not.toBe(early)
      for (const version of await Promise.all(waiting)) expect(version?.number).toBe(number + commit)
      await early
    }
  } finally {
    writing.close()
    reading.close()
    rmSync(folder, { recursive: true })
  }
})
