import { describe, expect, it } from 'vitest'
import { addStage, createPlan } from '../../plan/flow-plan.js'
import { exportSuite } from '../export.suite.js'
import { planOf, richPlan } from '../fixture.suite.js'
import { renderExport } from '../index.js'

describe('export flowchart', () => {
  exportSuite('flowchart', richPlan, {})
  exportSuite('flowchart', richPlan, { format: 'svg' })

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
      { name: 'b', needs: 'gateway', when: { tags__a: { $gt: 1 } } },
      { name: 'end', needs: ['a', 'b'] },
      { name: 'side', floating: true },
    )
    const [file] = await renderExport('flowchart', plan, {})
    expect(file?.text.split('\n').slice(8, -1)).toEqual([
      '  gateway --> s0',
      '  s0 -.-> s1',
      '  gateway -->|when| s2',
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

  it('is a picture as SVG, with texts escaped, conditions, and dots for what no answer waits for', async () => {
    const plan = planOf(
      { name: 'a <b> & "c"\u0007' },
      { name: 'a', image: 'reg/a:1' },
      { name: 'log', floating: true },
      { name: 'b', when: { tags__a: { $gt: 1 } } },
      { name: 'else', external: true, host: 'h', port: 1 },
    )
    for (const vertical of [false, true]) {
      const [file] = await renderExport('flowchart', plan, { format: 'svg', vertical })
      expect(file?.path).toBe('flow.svg')
      const text = file!.text
      expect(text).toContain('<title>a &#60;b&#62; &#38; &#34;c&#34;</title>')
      expect(text).toContain('>reg/a:1</text>')
      expect(text.match(/<path[^>]*marker-end/g)).toHaveLength(5)
      expect(text.match(/<path class="aside"/g)).toHaveLength(1)
      expect(text.match(/>when</g)).toHaveLength(1)
      // two gateways, four stages, the second border of one of them, and the background
      expect(text.match(/<rect/g)).toHaveLength(8)
      expect(text).not.toMatch(/script|href|url\((?!#)/)
      expect(isWellFormed(text)).toBe(true)
    }
  })
})

/** Whether every tag is closed in turn, and every `&` begins a character reference. */
function isWellFormed(text: string): boolean {
  const open: string[] = []
  for (const [, close, name, empty] of text.matchAll(/<(\/?)(\w+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (close === '/') {
      if (open.pop() !== name) return false
    } else if (empty !== '/') open.push(name!)
  }
  return open.length === 0 && !/&(?!#\d+;)/.test(text) && !/<(?!\/?\w)/.test(text)
}
