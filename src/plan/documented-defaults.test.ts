import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { flowOptions } from './flow-settings.js'
import type { Option } from './option.js'
import { autoscaleOption } from './resilience.js'
import { stageOptions } from './stage-settings.js'

const page = readFileSync(new URL('../../docs/flow.md', import.meta.url), 'utf8')

interface Row {
  readonly option: string
  /** As it is written. */
  readonly written: string
}

/** The rows of the first table behind a text, a row for each option of the first column. */
function tableBehind(text: string): readonly Row[] {
  const at = page.indexOf(text)
  expect(at, text).toBeGreaterThan(-1)
  const lines = page.slice(at).split('\n')
  const first = lines.findIndex((line) => line.startsWith('| option |'))
  const rest = lines.slice(first + 2)
  return rest
    .slice(
      0,
      rest.findIndex((line) => !line.startsWith('|')),
    )
    .flatMap((line) => {
      const [, names = '', written = ''] = line.split(/(?<!\\)\|/)
      return [...names.matchAll(/`(\w+)`/g)].map(([, option]) => ({
        option: option!,
        written: written.trim(),
      }))
    })
}

const bytes: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** The value of `{ maxBytes: 256 MiB }`, `600_000` or `'grpc'`; undefined for words. */
function valueOf(written: string): unknown {
  const text = written
    .replace(/^`(.*)`$/, '$1')
    .replaceAll(/(\d)_(?=\d)/g, '$1')
    .replaceAll(/(\d+) ([KMG]iB)/g, (_, count: string, unit: string) => String(Number(count) * bytes[unit]!))
    .replaceAll("'", '"')
    .replaceAll(/([{,] *)(\w+):/g, '$1"$2":')
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What `–` and words may stand for: no value, or one that depends on something else. */
function isNothing(preset: unknown): boolean {
  return preset === null || (typeof preset === 'object' && Object.keys(preset).length === 0)
}

function expectDocumented(rows: readonly Row[], table: Readonly<Record<string, Option<unknown>>>): void {
  expect(rows.map(({ option }) => option).toSorted()).toEqual(Object.keys(table).toSorted())
  for (const { option, written } of rows) {
    const { preset } = table[option]!
    const value = valueOf(written)
    if (value === undefined) {
      expect(
        isNothing(preset),
        `${option}: the page says ${written}, the default is ${JSON.stringify(preset)}`,
      ).toBe(true)
      continue
    }
    const asList = Array.isArray(preset) && !Array.isArray(value) ? [value] : value
    expect([option, asList]).toEqual([option, preset])
  }
}

describe('docs/flow.md', () => {
  it('has every option of a stage with its default', () => {
    expectDocumented(tableBehind('## Stages'), stageOptions)
  })

  it('has every option of a Flow with its default', () => {
    expectDocumented(tableBehind('Options of the Flow'), flowOptions)
  })

  it('has the defaults of autoscaling', () => {
    const resolved = autoscaleOption.parse({ max: 8 }) as unknown as Record<string, unknown>
    for (const { option, written } of tableBehind('## Autoscale')) {
      if (option === 'max') expect(written).toBe('must be given')
      else expect([option, valueOf(written)]).toEqual([option, resolved[option]])
    }
  })
})
