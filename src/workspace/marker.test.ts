import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from './fixtures.suite.js'
import { checkShards } from './marker.js'

function folderWith(...entries: readonly string[]): string {
  const folder = temporaryFolder()
  for (const entry of entries) mkdirSync(join(folder, entry))
  return folder
}

function refusal(folder: string, shards: number): string {
  try {
    checkShards(folder, shards)
  } catch (error) {
    expect(error).toMatchObject({ code: 'WORKSPACE_CONFLICT', retryable: false })
    return (error as Error).message
  }
  throw new Error('it was not refused')
}

test('a new folder gets a marker with the number of shards, and is opened with that number only', () => {
  const folder = folderWith('notes')
  checkShards(folder, 3)
  expect(JSON.parse(readFileSync(join(folder, 'millrace.json'), 'utf8'))).toEqual({ version: 1, shards: 3 })
  checkShards(folder, 3)
  expect(refusal(folder, 2)).toBe(
    `${folder} holds data of 3 shards, and this stage has 2 shards. ` +
      'Start it with shards: 3, or with another workspace.',
  )
  expect(refusal(folder, 1)).toContain('has 1 shard.')
  expect(readdirSync(folder).sort()).toEqual(['millrace.json', 'notes'])
})

test.each([
  [1, ['0']],
  [2, ['0', '1']],
])('data of %i shards that has no marker is accepted with that number, and gets one', (shards, entries) => {
  const folder = folderWith(...entries)
  checkShards(folder, shards)
  expect(refusal(folder, shards + 1)).toContain('holds data of')
})

test.each([
  [
    1,
    ['0', '1'],
    'has folders of 2 shards (0, 1); this stage has 1 shard. Start it with shards: 2, or with another',
  ],
  [
    3,
    ['0', '1'],
    'has folders of 2 shards (0, 1); this stage has 3 shards. Start it with shards: 2, or with another',
  ],
  [2, ['0', '2'], 'has folders of 2 shards (0, 2); this stage has 2 shards. Use another workspace.'],
])('%i shards cannot open data without a marker in %j', (shards, entries, text) => {
  const folder = folderWith(...entries)
  expect(refusal(folder, shards)).toContain(text)
  expect(readdirSync(folder)).toEqual(entries)
})

test('files are no folders of shards', () => {
  const folder = folderWith()
  writeFileSync(join(folder, '7'), '')
  checkShards(folder, 2)
})

test.each([
  '',
  'shards: 3',
  'null',
  '{ "version": 1 }',
  '{ "version": 1, "shards": 0.5 }',
  '{ "shards": 3 }',
])('a marker that reads %j is refused', (text) => {
  const folder = folderWith()
  writeFileSync(join(folder, 'millrace.json'), text)
  expect(refusal(folder, 3)).toBe(
    `${join(folder, 'millrace.json')} must be { "version": 1, "shards": N }, and is ${JSON.stringify(text)}. ` +
      'Write it anew with the number of shards that made the data, or use another workspace.',
  )
})

test('a marker of a newer version is refused, whatever else it says', () => {
  const folder = folderWith()
  writeFileSync(join(folder, 'millrace.json'), '{ "version": 2, "layout": "ring" }')
  expect(refusal(folder, 3)).toContain('is of version 2, and this Millrace reads version 1. Update Millrace')
})

test('where nothing can be written the number is checked and not noted', () => {
  const folder = folderWith('0', '1')
  checkShards(folder, 2, true)
  expect(() => checkShards(folder, 3, true)).toThrow('has folders of 2 shards')
  expect(readdirSync(folder)).toEqual(['0', '1'])
})
