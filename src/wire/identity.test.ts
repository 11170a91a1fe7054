import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeRecipient,
  describePod,
  describeRecipient,
  encodeRecipient,
  isAnother,
  type PodIdentity,
  type Recipient,
} from './identity.js'

const pod = (more: Partial<PodIdentity> = {}): PodIdentity => ({
  flow: 'shop',
  stage: 'indexer',
  part: { shard: 0, shards: 2 },
  instance: 'a',
  ...more,
})
const recipient = (more: Partial<Recipient> = {}): Recipient => ({
  flow: 'shop',
  stage: 'indexer',
  shard: 0,
  shards: 2,
  ...more,
})
/** The recipient that a Flow sends to servers named by its user. */
const named = (more: Partial<Recipient> = {}): Recipient => recipient({ flow: null, stage: 'mine', ...more })

describe('a pod is not the recipient', () => {
  test.each([
    ['shard', recipient({ shard: 1 })],
    ['shard, of servers that the user has named', named({ shard: 1 })],
    ['number of shards', recipient({ shards: 3 })],
    ['number of shards, of servers that the user has named', named({ shards: 3 })],
    ['stage', recipient({ stage: 'ranker' })],
    ['Flow', recipient({ flow: 'other' })],
  ])('when the request is for another %s', (_, given) => {
    expect(isAnother(pod(), given)).toBe(true)
  })

  test('when its Flow gave it no shards, and the request is for one', () => {
    expect(isAnother(pod({ part: null }), recipient())).toBe(true)
    expect(isAnother(pod(), recipient({ shard: 0, shards: 1 }))).toBe(true)
  })

  test('when it is the gateway of a Flow, and the request is for a pod', () => {
    expect(isAnother(pod({ stage: null, part: null }), recipient({ shards: 1 }))).toBe(true)
  })
})

describe('a pod is the recipient', () => {
  test('of a request for its shard', () => {
    expect(isAnother(pod(), recipient())).toBe(false)
    expect(isAnother(pod({ part: { shard: 1, shards: 2 } }), named({ shard: 1 }))).toBe(false)
  })

  test('of a request for a Flow when it does not know its own Flow', () => {
    expect(isAnother(pod({ flow: null }), recipient())).toBe(false)
  })

  test('of a request for a stage of a Flow when it has the default name, and no Flow', () => {
    expect(isAnother(pod({ flow: null, stage: 'executor', part: null }), recipient({ shards: 1 }))).toBe(
      false,
    )
  })

  test('of any request for a shard when it was given neither a Flow nor shards', () => {
    expect(isAnother(pod({ flow: null, part: null }), recipient({ shard: 1 }))).toBe(false)
    expect(isAnother(pod({ flow: null, part: null }), named({ shard: 1 }))).toBe(false)
  })

  test('of a request for the only shard of a stage, under any name that the user has given', () => {
    expect(isAnother(pod({ part: { shard: 1, shards: 2 } }), named({ shards: 1 }))).toBe(false)
  })

  test('of a request for a shard when it is a whole Flow used as an external shard', () => {
    expect(isAnother(pod({ stage: null, part: null }), named())).toBe(false)
  })
})

describe('a recipient as text', () => {
  test('is its shard, and with a Flow its names', () => {
    expect(encodeRecipient(named({ shard: 1 }))).toBe('1/2')
    expect(encodeRecipient(recipient({ flow: 'größer/kleiner' }))).toBe(
      '0/2/indexer/gr%C3%B6%C3%9Fer%2Fkleiner',
    )
  })

  test('is read as it was written', () => {
    const names = fc.string({ minLength: 1, unit: 'grapheme' })
    fc.assert(
      fc.property(
        fc.nat(1023),
        fc.integer({ min: 1, max: 1024 }),
        names,
        names,
        (shard, shards, stage, flow) => {
          expect(decodeRecipient(encodeRecipient({ flow, stage, shard, shards }))).toEqual({
            flow,
            stage,
            shard,
            shards,
          })
        },
      ),
    )
  })

  test.each(['', '1', 'a/b', '1/2/x', '1/2/x/', '1/2/x/%', '1/2/x/y/z', '12345/2'])('is not %j', (text) => {
    expect(decodeRecipient(text)).toBeUndefined()
  })
})

test('messages name what is known', () => {
  expect(describePod(pod())).toBe("shard 0 of 2 of stage 'indexer' of Flow 'shop'")
  expect(describePod(pod({ flow: null, part: null }))).toBe("stage 'indexer'")
  expect(describePod(pod({ stage: null, part: null }))).toBe("the gateway of Flow 'shop'")
  expect(describeRecipient(named({ shard: 1 }))).toBe('shard 1 of 2')
  expect(describeRecipient(recipient({ shards: 1 }))).toBe("stage 'indexer' of Flow 'shop'")
})
