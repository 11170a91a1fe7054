import { execFile } from 'node:child_process'
import { inject } from 'vitest'

export interface Said {
  readonly stdout: string
  readonly stderr: string
}

/** Runs kubectl against the cluster of the tests. Rejects with its error output. */
export function kubectl(args: readonly string[]): Promise<Said> {
  const all = ['--kubeconfig', inject('kubeconfig'), ...args]
  return new Promise((resolve, reject) => {
    execFile('kubectl', all, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr })
      else reject(new Error(`kubectl ${args.join(' ')}: ${stderr || error.message}`))
    })
  })
}
