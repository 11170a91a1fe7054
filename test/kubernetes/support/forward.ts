import { spawn } from 'node:child_process'
import { inject } from 'vitest'
import type { Namespace } from './namespace.js'

export interface Forward extends AsyncDisposable {
  /** In the form of a Client's `host`. */
  readonly host: string
}

/** A local port forwarded to the gateway by `kubectl port-forward`. */
export function forward(namespace: Namespace, scheme: 'grpc' | 'grpcs' | 'http' = 'grpc'): Promise<Forward> {
  const args = ['--namespace', namespace.name, 'port-forward', 'service/gateway', ':8080']
  const child = spawn('kubectl', ['--kubeconfig', inject('kubeconfig'), ...args])
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
  })
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.stdout.on('data', (chunk: Buffer) => {
      const [, port] = /127\.0\.0\.1:(\d+)/.exec(chunk.toString()) ?? []
      if (port === undefined) return
      resolve({
        host: `${scheme}://127.0.0.1:${port}`,
        async [Symbol.asyncDispose]() {
          child.kill()
          await ended
        },
      })
    })
    child.once('error', reject)
    void ended.then(() => reject(new Error(`kubectl port-forward ended: ${said}`)))
  })
}
