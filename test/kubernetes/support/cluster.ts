import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { layerOf, writeImage } from '../../support/containers/archive.js'

const run = promisify(execFile)
const scripts = fileURLToPath(new URL('../cluster/', import.meta.url))

/** Where the programs of the cluster are kept between runs, and where it runs. */
const home = process.env.MILLRACE_K8S_HOME ?? path.join(os.homedir(), '.cache/kubernetes-for-tests')

export interface Cluster {
  readonly kubeconfig: string
  /** Socket of its node's containerd; empty when it is not reachable. */
  readonly containerd: string
  /** Loads an image archive on the node. */
  load(archive: string): Promise<void>
  stop(): Promise<void>
}

/**
 * The cluster of MILLRACE_KUBECONFIG, which is not stopped, or one started here. Images go to the containerd at
 * MILLRACE_K8S_CONTAINERD; a given cluster without it must have them already.
 */
export async function startCluster(): Promise<Cluster> {
  const given = process.env.MILLRACE_KUBECONFIG
  if (given !== undefined) {
    const socket = process.env.MILLRACE_K8S_CONTAINERD
    return {
      kubeconfig: path.resolve(given),
      containerd: socket ?? '',
      load: socket === undefined ? async () => {} : (archive) => importImage(socket, archive),
      stop: async () => {},
    }
  }
  await script('build.sh')
  await pauseImage()
  await script('up.sh')
  return {
    kubeconfig: path.join(home, 'run/admin.kubeconfig'),
    containerd: path.join(home, 'run/containerd.sock'),
    load: (archive) => importImage(path.join(home, 'run/containerd.sock'), archive),
    stop: () => script('down.sh', '--wipe'),
  }
}

/** Its output goes to the test run: a build takes minutes, and reports what is missing. */
function script(name: string, ...args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(scripts, name), args, { stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`test/kubernetes/cluster/${name} ended with ${code}; it has said why above.`))
    })
  })
}

/** Loads one more image on the node of the tests. @throws when there is only a kubeconfig */
export async function importImage(socket: string, archive: string): Promise<void> {
  await run('ctr', ['-a', socket, '-n', 'k8s.io', 'images', 'import', archive])
}

/** The pause image that containerd is configured with. */
async function pauseImage(): Promise<void> {
  const file = path.join(home, 'img/pause.tar')
  if (existsSync(file)) return
  await mkdir(path.dirname(file), { recursive: true })
  const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-pause-'))
  try {
    const root = path.join(folder, 'root')
    await mkdir(root)
    await cp(path.join(home, 'bin/pause'), path.join(root, 'pause'))
    await chmod(root, 0o755) // it becomes the root folder
    const layers = [await layerOf(root, path.join(folder, 'layer.tar'))]
    await writeImage(file, { name: 'docker.io/local/pause:1', layers, config: { Cmd: ['/pause'] } })
  } finally {
    await rm(folder, { recursive: true })
  }
}
