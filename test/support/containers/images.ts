import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type ImageConfig, layerOf, sha256, writeImage } from './archive.js'
import { baseLayer, baseLayerName } from './base-layer.js'

const run = promisify(execFile)
export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Cache between runs for what takes long to build. */
export const cacheFolder = path.join(
  process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'),
  'millrace-tests',
)

export interface ImageFile {
  readonly name: string
  /** Path of an archive for `docker load` and `ctr images import`. */
  readonly file: string
}

/** An image of a project folder and its packages, as `export dockerfile` would build it. */
export async function projectImage(name: string, folder: string, file: string): Promise<ImageFile> {
  const layer = await mkdtemp(path.join(os.tmpdir(), 'millrace-layer-'))
  try {
    await chmod(layer, 0o755) // it becomes the root folder
    const app = path.join(layer, 'app')
    await cp(folder, app, { recursive: true, verbatimSymlinks: true })
    await chmod(app, 0o755)
    const layers = [await baseLayerFile(), await layerOf(layer, `${file}.layer`)]
    await writeImage(file, { name, layers, config: projectConfig })
    return { name, file }
  } finally {
    await rm(layer, { recursive: true })
  }
}

/** Created if it does not exist. */
export async function baseLayerFile(): Promise<string> {
  await mkdir(cacheFolder, { recursive: true })
  const file = path.join(cacheFolder, baseLayerName)
  if (!existsSync(file)) await baseLayer(file)
  return file
}

export interface Images {
  /** `node:24-slim`, the base image of `export dockerfile`, or its substitute. */
  readonly base: ImageFile
  /**
   * The image of a project with Millrace, as `export dockerfile` would build it: `/app` has test/fixtures/project, the
   * built examples in `examples`, and the Executors of the suites in `pods` and `concepts`. Its tag changes with its
   * content.
   */
  readonly project: ImageFile & { readonly layers: readonly string[] }
}

/** Writes archives of the images that tests with containers use. Unchanged images are not built again. */
export async function makeImages(): Promise<Images> {
  const baseFile = await baseLayerFile()
  const layers = [baseFile, await packagesLayer(), await appLayer()]
  const hash = path.basename(layers[2]!).split('.')[0]!.slice('app-'.length)
  const base = { name: 'node:24-slim', file: path.join(cacheFolder, 'base-image-3.tar') }
  const project = {
    name: `docker.io/local/shop:${hash}`,
    file: path.join(cacheFolder, `project-${hash}.tar`),
    layers,
  }
  if (!existsSync(base.file))
    await writeImage(base.file, {
      name: base.name,
      layers: [baseFile],
      config: { Env: [`PATH=${searchPath}`, certificates] },
    })
  if (!existsSync(project.file)) {
    await dropOld()
    await writeImage(project.file, { ...project, config: projectConfig })
  }
  return { base, project }
}

/** The certificates of this machine, which may be more than Node's own: npm needs them while an image is built. */
const certificates = 'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt'

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The entry point of `export dockerfile`. */
export const projectConfig: ImageConfig = {
  Env: [`PATH=/app/node_modules/.bin:${searchPath}`, 'NODE_ENV=production'],
  WorkingDir: '/app',
  User: '1000:1000',
  Entrypoint: ['millrace'],
  Cmd: ['executor', '--uses', 'config.yml', '--port', '8080'],
  ExposedPorts: { '8080/tcp': {} },
}

const oldMs = 6 * 3600_000

/** Outdated archives. */
async function dropOld(): Promise<void> {
  for (const name of await readdir(cacheFolder)) {
    const file = path.join(cacheFolder, name)
    const isOld =
      /^(project|app|python)-[0-9a-f]{12}\./.test(name) && Date.now() - (await stat(file)).mtimeMs > oldMs
    if (isOld) await rm(file, { force: true })
  }
}

/** A folder with the project as a user would have it, `millrace` packed beside `package.json`. */
export async function projectFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-project-'))
  await cp(path.join(root, 'test/fixtures/project'), folder, { recursive: true })
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root })
  await rename(path.join(folder, stdout.trim()), path.join(folder, 'millrace.tgz'))
  return folder
}

/** The packages that the project depends on, except Millrace: the large layer that seldom changes. */
async function packagesLayer(): Promise<string> {
  const description = await readFile(path.join(root, 'test/fixtures/project/package.json'), 'utf8')
  const own = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { dependencies: object }
  const wanted = JSON.parse(description) as { dependencies: Record<string, string> }
  delete wanted.dependencies.millrace
  Object.assign(wanted.dependencies, own.dependencies)
  const text = JSON.stringify(wanted, null, 2)
  const key = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const file = path.join(cacheFolder, `packages-${key}.layer.tar`)
  if (existsSync(file)) return file
  const folder = await mkdtemp(path.join(cacheFolder, 'packages-'))
  try {
    const app = path.join(folder, 'app')
    await mkdir(app)
    await writeFile(path.join(app, 'package.json'), text)
    await run('npm', ['install', '--omit=dev', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: app })
    return await layerOf(folder, file)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The layer above the packages: the project, and the current Millrace. */
async function appLayer(): Promise<string> {
  const folder = await mkdtemp(path.join(cacheFolder, 'app-'))
  try {
    await fillApp(folder)
    const made = await layerOf(folder, `${folder}.layer.tar`)
    const file = path.join(cacheFolder, `app-${(await sha256(made)).slice(0, 12)}.layer.tar`)
    await rename(made, file)
    return file
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function fillApp(folder: string): Promise<void> {
  const app = path.join(folder, 'app')
  const project = await projectFolder()
  try {
    const own = path.join(app, 'node_modules/millrace')
    await mkdir(own, { recursive: true })
    await mkdir(path.join(app, 'node_modules/.bin'))
    await run('tar', ['-xzf', 'millrace.tgz', '--strip-components=1', '-C', own], { cwd: project })
    await symlink('../millrace/dist/cli/main.js', path.join(app, 'node_modules/.bin/millrace'))
    await chmod(path.join(own, 'dist/cli/main.js'), 0o755)
    await rm(path.join(project, 'millrace.tgz'))
    await cp(project, app, { recursive: true })
  } finally {
    await rm(project, { recursive: true })
  }
  for (const folder of ['pods', 'concepts'])
    await cp(path.join(root, 'test/fixtures', folder), path.join(app, folder), { recursive: true })
  await cp(path.join(root, 'build/examples'), path.join(app, 'examples'), { recursive: true })
  await mkdir(path.join(folder, 'workspace'))
  await chmod(folder, 0o755) // it becomes the root folder
  await chmod(path.join(folder, 'workspace'), 0o777)
}
