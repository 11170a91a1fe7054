import { expect, test } from 'vitest'
import { checkVersion, connectEngine, loadDockerode } from './engine.js'

test('without dockerode the error says how to install it', async () => {
  const load = (): Promise<never> => Promise.reject(new Error('Cannot find package'))
  await expect(loadDockerode(load)).rejects.toMatchObject({
    code: 'MODULE_NOT_FOUND',
    message: expect.stringContaining('npm install dockerode'),
  })
})

test.each([
  [
    'unix:///nowhere/docker.sock',
    /No Docker engine answers at unix:\/\/\/nowhere\/docker\.sock \(DOCKER_HOST\): .*ENOENT.*Start Docker/,
  ],
  ['tcp://127.0.0.1:1', /at tcp:\/\/127\.0\.0\.1:1 \(DOCKER_HOST\): .*ECONNREFUSED/],
  ['127.0.0.1:1', /at tcp:\/\/127\.0\.0\.1:1/],
])('without an engine at %s it is said what was tried and what to do', async (DOCKER_HOST, message) => {
  await expect(connectEngine({ DOCKER_HOST })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(message),
  })
})

test('a malformed address is refused', async () => {
  await expect(connectEngine({ DOCKER_HOST: 'tcp://a b' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})

test('an engine that is too old is refused', () => {
  expect(() => checkVersion({ Version: '19.03.15', ApiVersion: '1.40' })).toThrow(
    /19\.03\.15.*20\.10 or newer/,
  )
  for (const ApiVersion of ['1.41', '1.50', '2.0']) checkVersion({ Version: 'x', ApiVersion })
})
