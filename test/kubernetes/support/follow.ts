import { spawn } from 'node:child_process'
import { inject } from 'vitest'
import type { Namespace } from './namespace.js'

export interface Log extends AsyncDisposable {
  /** How often a pattern has occurred so far. */
  count(pattern: string): number
}

/** The output of a workload from now on. */
export function follow(namespace: Namespace, workload: string): Log {
  const args = ['--namespace', namespace.name, 'logs', '--follow', '--since', '1s', workload]
  const child = spawn('kubectl', ['--kubeconfig', inject('kubeconfig'), ...args])
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return {
    count: (pattern) => said.match(new RegExp(pattern, 'g'))?.length ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill()
      await ended
    },
  }
}
