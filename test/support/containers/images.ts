import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { layerOf, writeImage } from './archive.js'
import { baseLayer } from './base-layer.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Where what takes long to make is kept between runs. */
const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'millrace-tests')

/** Names of the images that tests with containers use; archives of both are made by `makeImages`. */
export const images = {
  /** Stands in for the base image of `export dockerfile`. */
  base: 'node:20-slim',
  /**
   * A project with Millrace: `/app` has what is in test/fixtures/project, the built examples in `examples`, and the Executors
   * of the pod suite in `pods`. As `export dockerfile` would build it.
   */
  project: 'docker.io/local/shop:1',
} as const

export interface ImageFiles {
  readonly base: string
  readonly project: string
}

/** Writes archives of the images, for `docker load` and `ctr images import`. What has not changed is not made again. */
export async function makeImages(): Promise<ImageFiles> {
  await mkdir(cache, { recursive: true })
  const base = path.join(cache, `base-${process.version}.layer.tar`)
  if (!existsSync(base)) await baseLayer(base)
  const packages = await packagesLayer()
  const app = await layerOf(await appFolder(), path.join(cache, 'app.layer.tar'))
  const files = { base: path.join(cache, 'base.tar'), project: path.join(cache, 'project.tar') }
  if (!existsSync(files.base))
    await writeImage(files.base, {
      name: images.base,
      layers: [base],
      config: { Env: [searchPath], Cmd: ['node'] },
    })
  await writeImage(files.project, {
    name: images.project,
    layers: [base, packages, app],
    config: {
      Env: [`PATH=/app/node_modules/.bin:${searchPath.slice('PATH='.length)}`, 'NODE_ENV=production'],
      WorkingDir: '/app',
      User: '1000:1000',
      Entrypoint: ['millrace'],
      Cmd: ['executor', '--uses', 'config.yml', '--port', '8080'],
      ExposedPorts: { '8080/tcp': {} },
    },
  })
  return files
}

const searchPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** A folder with the project as a user has it, `millrace` packed beside `package.json`. */
export async function projectFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-project-'))
  await cp(path.join(root, 'test/fixtures/project'), folder, { recursive: true })
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root })
  await rename(path.join(folder, stdout.trim()), path.join(folder, 'millrace.tgz'))
  return folder
}

/** The packages that the project depends on, but Millrace itself: the layer that is large and seldom changes. */
async function packagesLayer(): Promise<string> {
  const description = await readFile(path.join(root, 'test/fixtures/project/package.json'), 'utf8')
  const own = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { dependencies: object }
  const wanted = JSON.parse(description) as { dependencies: Record<string, string> }
  delete wanted.dependencies.millrace
  Object.assign(wanted.dependencies, own.dependencies)
  const text = JSON.stringify(wanted, null, 2)
  const key = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const file = path.join(cache, `packages-${key}.layer.tar`)
  if (existsSync(file)) return file
  const folder = await mkdtemp(path.join(cache, 'packages-'))
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

/** What is over the packages: the project, and Millrace as it is now. */
async function appFolder(): Promise<string> {
  const layer = path.join(cache, 'app')
  await rm(layer, { recursive: true, force: true })
  const app = path.join(layer, 'app')
  const project = await projectFolder()
  try {
    await mkdir(path.join(app, 'node_modules/millrace'), { recursive: true })
    await mkdir(path.join(app, 'node_modules/.bin'), { recursive: true })
    await run(
      'tar',
      ['-xzf', 'millrace.tgz', '--strip-components=1', '-C', path.join(app, 'node_modules/millrace')],
      {
        cwd: project,
      },
    )
    await run('ln', ['-s', '../millrace/dist/cli/main.js', path.join(app, 'node_modules/.bin/millrace')])
    await run('chmod', ['+x', path.join(app, 'node_modules/millrace/dist/cli/main.js')])
    await rm(path.join(project, 'millrace.tgz'))
    await cp(project, app, { recursive: true })
  } finally {
    await rm(project, { recursive: true })
  }
  await cp(path.join(root, 'test/fixtures/pods'), path.join(app, 'pods'), { recursive: true })
  await cp(path.join(root, 'build/examples'), path.join(app, 'examples'), { recursive: true })
  await run('install', ['-d', '-m', '0777', path.join(layer, 'workspace')])
  return layer
}
