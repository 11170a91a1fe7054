import { describe, expect, it } from 'vitest'
import { help, parseOptions } from './options.js'

describe('parseOptions', () => {
  it('uses process pods by default', () => {
    expect(parseOptions([])).toEqual({
      replicas: undefined,
      runtime: 'process',
      corpus: undefined,
      data: undefined,
      generated: false,
      writeCorpus: undefined,
      json: false,
      help: false,
    })
  })

  it('reads every option', () => {
    const args = '--replicas 4 --runtime thread --data folder --write-corpus out.jsonl --json'.split(' ')
    expect(parseOptions(args)).toMatchObject({
      replicas: 4,
      runtime: 'thread',
      data: 'folder',
      writeCorpus: 'out.jsonl',
      json: true,
    })
  })

  it.each([
    ['--replica 2', "Unknown option '--replica'"],
    ['--replicas 0', "--replicas: expected a whole number from 1, came '0'"],
    ['--replicas 1.5', "came '1.5'"],
    ['--replicas', 'argument missing'],
    ['--runtime docker', "--runtime: expected process or thread, came 'docker'"],
    ['--corpus a --data b', 'expected one corpus, came --corpus and --data'],
    ['something', "Unexpected argument 'something'"],
  ])('refuses %s and says why', (line, message) => {
    expect(() => parseOptions(line.split(' '))).toThrow(message)
  })

  it('explains every option', () => {
    const names = ['replicas', 'runtime', 'corpus', 'data', 'generated', 'write-corpus', 'json', 'help']
    for (const name of names) expect(help).toContain(`--${name} `)
  })
})
