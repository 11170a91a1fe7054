import { describe, expect, it } from 'vitest'
import { addStage, createPlan } from '../../plan/flow-plan.js'
import { exportSuite } from '../export.suite.js'
import { planOf, richPlan } from '../fixture.suite.js'
import { renderExport } from '../index.js'

describe('export flowchart', () => {
  exportSuite('flowchart', richPlan, {})

  it('draws edges, not the order of a list', async () => {
    const chain = addStage(addStage(createPlan({}), { name: 'a' }), { name: 'b' })
    const [file] = await renderExport('flowchart', { ...chain, stages: chain.stages.toReversed() }, {})
    expect(file?.text.split('\n').slice(5, 8)).toEqual(['  s1 --> s0', '  gateway --> s1', '  s0 --> end_'])
  })

  it('shows branches, joins, and with dots what no answer waits for', async () => {
    const plan = planOf(
      {},
      { name: 'a' },
      { name: 'log', floating: true },
      { name: 'b', needs: 'gateway' },
      { name: 'end', needs: ['a', 'b'] },
      { name: 'side', floating: true },
    )
    const [file] = await renderExport('flowchart', plan, {})
    expect(file?.text.split('\n').slice(8, -1)).toEqual([
      '  gateway --> s0',
      '  s0 -.-> s1',
      '  gateway --> s2',
      '  s0 --> s3',
      '  s2 --> s3',
      '  s3 -.-> s4',
      '  s3 --> end_',
    ])
  })

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
  gateway --> s0
  s0 --> s1
  s1 --> s2
  s2 --> s3
  s3 --> s4
  s4 --> end_
`)
  })
})
