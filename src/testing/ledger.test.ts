import { expect, test } from 'vitest'
import { Document } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { Ledger } from './ledger.js'

function ledgerOf(allow: readonly string[] = []): Ledger {
  return new Ledger({ prefix: 'r-', allow, check: () => {} })
}

test('a request is open until it is answered', () => {
  const ledger = ledgerOf()
  const ids = [ledger.send(), ledger.send()] as const
  ledger.answer(ids[1], [new Document({ id: ids[1] })])
  expect(ledger).toMatchObject({ sent: 2, answered: 1, open: [ids[0]], complaints: [] })
  expect([...ledger.answeredIds()]).toEqual([ids[1]])
})

test('a second answer, and an error after an answer, are told', () => {
  const ledger = ledgerOf()
  const id = ledger.send()
  ledger.answer(id, [new Document({ id })])
  ledger.answer(id, [new Document({ id })])
  ledger.fail(id, new Error('late'))
  expect(ledger).toMatchObject({ answered: 1, failed: 0, twice: [id, id] })
})

test.each([
  ['of another request', ['r-1']],
  ['with two documents', ['r-0', 'r-0']],
  ['with none', []],
])('an answer %s is not taken for right', (_, ids) => {
  const ledger = ledgerOf()
  const id = ledger.send()
  ledger.answer(
    id,
    ids.map((one) => new Document({ id: one })),
  )
  expect(ledger.foreign).toEqual([id])
})

test('an answer to a request that was never sent closes nothing', () => {
  const ledger = ledgerOf()
  const id = ledger.send()
  ledger.answer('', [])
  expect(ledger).toMatchObject({ open: [id], foreign: [''] })
})

test('errors are counted by code, and those that are not allowed are unexpected', () => {
  const ledger = ledgerOf(['OUTCOME_UNKNOWN'])
  ledger.fail(ledger.send(), new MillraceError('OUTCOME_UNKNOWN', 'perhaps'))
  ledger.fail(ledger.send(), new MillraceError('UNAVAILABLE', 'nobody'))
  expect(ledger).toMatchObject({ errors: { OUTCOME_UNKNOWN: 1, UNAVAILABLE: 1 }, unexpected: 1, failed: 2 })
  expect(ledger.complaints).toEqual(['r-1 failed with UNAVAILABLE: nobody'])
})

test('it has room for many', () => {
  const ledger = ledgerOf()
  for (let index = 0; index < 10_000; index++) {
    const id = ledger.send()
    ledger.answer(id, [new Document({ id })])
  }
  expect([...ledger.answeredIds()]).toHaveLength(10_000)
})
