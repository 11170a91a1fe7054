import path from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { Project } from './support/project.js'
import { toolchain } from './support/toolchain.js'

const program = `import { Executor, Flow } from 'millrace'

export class Shout extends Executor {
  static module = import.meta.url
  static requests = { '/shout': 'shout' }
  shout(docs) {
    docs.texts = docs.texts.map((text) => text + '!')
  }
}

const flow = new Flow({ quiet: true })
  .add({ name: 'process', uses: Shout, replicas: 2 })
  .add({ name: 'thread', uses: Shout, runtime: 'thread' })
await flow.start()
console.log((await flow.post('/shout', ['hello'])).texts)
await flow.close()
`

it('a program with its Executor in the same file runs under pm2', async () => {
  const pm2 = path.join(await toolchain('package/pm2', ['pm2@7.0.4']), 'node_modules/pm2/bin/pm2-runtime')
  const project = new Project({ 'shout.js': program })
  vi.stubEnv('PM2_HOME', path.join(project.folder, 'pm2'))
  onTestFinished(() => void vi.unstubAllEnvs())
  const { output } = await project.run(process.execPath, pm2, 'start', 'shout.js', '--no-autorestart')
  expect(output).toContain("[ 'hello!!' ]")
  expect(output).toContain('exited with code [0]')
})
