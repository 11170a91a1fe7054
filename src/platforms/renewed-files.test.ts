import { afterAll, expect, it } from 'vitest'
import { createPlan } from '../plan/flow-plan.js'
import { resolveOptions } from '../plan/option.js'
import { Authority, folderWith } from '../tls/certificates.suite.js'
import { renewalOptions, renewedRules } from './renewed-files.js'

const authority = new Authority()
const [first, second] = [1, 2].map(() => authority.server({ name: 'flow.test' }))
const files = folderWith({
  'ca.pem': authority.cert,
  'cert.pem': first!.cert,
  'key.pem': first!.key,
  'other-key.pem': second!.key,
})
afterAll(() => files.close())

const own = { cert: files.path('cert.pem'), key: files.path('key.pem') }
const ca = files.path('ca.pem')
const plain = createPlan({ name: 'shop' })
const encrypted = createPlan({ name: 'shop', tls: own })
const mutual = createPlan({ name: 'shop', tls: { ...own, ca, clientCertificate: 'require' } })

it('keep what the Flow does about certificates of clients', () => {
  expect(renewedRules(encrypted, null)).toBeNull()
  expect(renewedRules(encrypted, own)).toEqual({ ...own, ca: null, clientCertificate: null })
  expect(renewedRules(mutual, { ...own, ca })).toEqual({ ...own, ca, clientCertificate: 'require' })
})

it.each([
  [plain, own, "the Flow 'shop' has no tls"],
  [mutual, own, 'needs ca as well'],
  [encrypted, { ...own, ca }, 'Leave ca out'],
  [encrypted, { ...own, key: files.path('other-key.pem') }, 'other-key.pem'],
])('are refused when they do not fit to the Flow or together', (plan, given, message) => {
  expect(() => renewedRules(plan, given)).toThrow(message)
})

it('need a certificate and its key', () => {
  expect(() => resolveOptions(renewalOptions, { renew: { cert: 'cert.pem' } }, 'attach')).toThrow(
    'renew must be null, or { cert, key, ca }',
  )
})
