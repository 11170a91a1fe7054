import { describe, expect, it } from 'vitest'
import { exportSuite } from '../export.suite.js'
import { richPlan } from '../fixture.suite.js'
import { renderExport } from '../index.js'

describe('export flowchart', () => {
  exportSuite('flowchart', richPlan, {})

  it('shows every stage and how often it runs', async () => {
    const [file] = await renderExport('flowchart', richPlan, { vertical: true })
    expect(file?.text).toBe(`flowchart TB
  gateway(["gateway"])
  s0["entry<br/>passes through"]
  s1["encoder<br/>Indexer<br/>0 to 4 replicas"]
  s2["indexer_1_before<br/>Indexer"]
  s3["indexer_1<br/>registry.example/indexer:1.2<br/>2 shards × 2 replicas"]
  s4[["elsewhere<br/>external"]]
  end_(["gateway"])
  gateway --> s0 --> s1 --> s2 --> s3 --> s4 --> end_
`)
  })
})
