import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { connectEngine } from '../../docker-engine/engine.js'
import { MillraceError } from '../../errors.js'
import { type Finding, note, ok, wrong } from './finding.js'

const onlyForDocker = "It is needed only for stages and Flows in containers, and for on: 'docker'."
const onlyForKubernetes =
  "It is needed only for on: 'kubernetes' and for what 'millrace export kubernetes' writes."

/** The Docker engine. Not to have one is wrong only when DOCKER_HOST names one. */
export async function dockerFinding(env: NodeJS.ProcessEnv): Promise<Finding> {
  try {
    const { docker, address } = await connectEngine(env)
    const { Version } = await docker.version()
    return ok('docker', `engine ${Version} at ${address}`)
  } catch (error) {
    const { message } = MillraceError.from(error)
    if (env.DOCKER_HOST) return wrong('docker', message, 'Correct DOCKER_HOST, or unset it.')
    return note('docker', message, onlyForDocker)
  }
}

/** kubectl, and the cluster of its current context. */
export async function kubernetesFinding(env: NodeJS.ProcessEnv): Promise<Finding> {
  const files = (env.KUBECONFIG || path.join(homedir(), '.kube', 'config')).split(path.delimiter)
  if (!files.some((file) => existsSync(file))) {
    const found = `no kubeconfig: ${files.join(', ')}`
    return env.KUBECONFIG
      ? wrong('kubernetes', found, 'Correct KUBECONFIG, or unset it.')
      : note('kubernetes', found, onlyForKubernetes)
  }
  const args = ['version', '--output=json', '--request-timeout=5s']
  const { error, stdout, stderr } = await run('kubectl', args, env)
  if (error?.code === 'ENOENT') {
    return note(
      'kubernetes',
      'there is a kubeconfig, but no kubectl',
      `Install kubectl. ${onlyForKubernetes}`,
    )
  }
  const version = versionIn(stdout)
  if (version !== null) return ok('kubernetes', `cluster of ${version}`)
  const [reason = 'no answer'] = stderr.trim().split('\n').toReversed()
  return note(
    'kubernetes',
    `the cluster does not answer: ${reason}`,
    'See: kubectl config current-context; kubectl get nodes.',
  )
}

interface Ran {
  readonly error: NodeJS.ErrnoException | null
  readonly stdout: string
  readonly stderr: string
}

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(file, args, { env, timeout: 10_000 }, (error, stdout, stderr) =>
      resolve({ error: error as NodeJS.ErrnoException | null, stdout, stderr }),
    )
  })
}

function versionIn(stdout: string): string | null {
  try {
    const { serverVersion } = JSON.parse(stdout) as { serverVersion?: { gitVersion?: unknown } }
    return typeof serverVersion?.gitVersion === 'string' ? serverVersion.gitVersion : null
  } catch {
    return null
  }
}
