import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { pythonPath } from '../../interop/python.js'
import { layerOf, sha256, writeImage } from './archive.js'
import { cacheFolder, type ImageFile, projectConfig, root } from './images.js'
import { addLibraries, librariesOf } from './system-files.js'

const run = promisify(execFile)

/** Of the standard library, and of packages that Jina does not import: half a gigabyte. */
const leftOut =
  /^(__pycache__|test|tests|site-packages|config-3.*|idlelib|tkinter|ensurepip|lib2to3|sklearn|scipy|scipy\.libs|matplotlib|fontTools|kiwisolver|narwhals|pip|setuptools|PIL|pillow\.libs)$/

/** Increase the number when the content of the layer changes. */
const layerVersion = 1

/**
 * The image that a user builds for Executors in Python: the project's image, `python3` of this machine, an environment with
 * Jina in `/opt/jina`, which VIRTUAL_ENV names, and test/fixtures/python in `/app/python`.
 *
 * @param projectLayers of the image that `makeImages` makes
 */
export async function makePythonImage(projectLayers: readonly string[]): Promise<ImageFile> {
  const layers = [...projectLayers, await pythonLayer(), await executorsLayer()]
  const digests = await Promise.all(layers.map(sha256))
  const hash = createHash('sha256').update(digests.join()).digest('hex').slice(0, 12)
  const image = {
    name: `docker.io/local/python:${hash}`,
    file: path.join(cacheFolder, `python-${hash}.tar`),
  }
  if (existsSync(image.file)) return image
  const config = {
    ...projectConfig,
    Env: [...(projectConfig.Env ?? []), 'VIRTUAL_ENV=/opt/jina'],
    WorkingDir: '/app/python',
  }
  await writeImage(image.file, { name: image.name, layers, config })
  return image
}

async function executorsLayer(): Promise<string> {
  return layerFrom(path.join(cacheFolder, 'python-executors.layer.tar'), async (folder) => {
    await cp(path.join(root, 'test/fixtures/python'), path.join(folder, 'app/python'), { recursive: true })
  })
}

async function pythonLayer(): Promise<string> {
  const asked = 'import sys, sysconfig; print(sys.base_prefix); print(sysconfig.get_path("purelib"))'
  const { stdout } = await run(pythonPath(), ['-c', asked])
  const [prefix, packages] = stdout.trim().split('\n') as [string, string]
  const ready = await readFile(path.join(packages, '../../../READY'), 'utf8').catch(() => packages)
  const key = createHash('sha256').update(`${layerVersion} ${prefix} ${ready}`).digest('hex').slice(0, 16)
  const file = path.join(cacheFolder, `python-${key}.layer.tar`)
  if (existsSync(file)) return file
  return layerFrom(file, (folder) => fill(folder, { prefix, packages }))
}

interface Python {
  readonly prefix: string
  readonly packages: string
}

async function fill(folder: string, { prefix, packages }: Python): Promise<void> {
  const version = path.basename(path.dirname(packages)) // python3.11
  const filter = (source: string): boolean => source === packages || !leftOut.test(path.basename(source))
  const options = { recursive: true, filter, verbatimSymlinks: true }
  const binaries = path.join(folder, 'usr/local/bin')
  const environment = path.join(folder, 'opt/jina')
  await mkdir(binaries, { recursive: true })
  await mkdir(path.join(environment, 'bin'), { recursive: true })
  await cp(path.join(prefix, 'bin', version), path.join(binaries, version))
  await symlink(version, path.join(binaries, 'python3'))
  await cp(path.join(prefix, 'lib', version), path.join(folder, 'usr/local/lib', version), options)
  await cp(packages, path.join(environment, 'lib', version, 'site-packages'), { ...options, force: true })
  await symlink('/usr/local/bin/python3', path.join(environment, 'bin/python'))
  await writeFile(path.join(environment, 'pyvenv.cfg'), 'home = /usr/local/bin\n')
  await addSystemLibraries(folder, { prefix, program: path.join(prefix, 'bin', version) })
}

/** What the interpreter and its extensions are linked with. */
async function addSystemLibraries(
  folder: string,
  { prefix, program }: { readonly prefix: string; readonly program: string },
): Promise<void> {
  const extensions = await extensionsBelow(folder)
  const found = (await Promise.all([program, ...extensions].map(librariesOf))).flat()
  const own = found.filter((file) => file.startsWith(prefix))
  for (const file of new Set(own)) await cp(file, path.join(folder, 'usr/lib', path.basename(file)))
  await addLibraries(
    folder,
    found.filter((file) => /^\/(usr\/)?lib/.test(file)),
  )
}

async function extensionsBelow(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true })
  return names.filter((name) => /\.so(\.|$)/.test(name)).map((name) => path.join(folder, name))
}

async function layerFrom(file: string, fillFolder: (folder: string) => Promise<void>): Promise<string> {
  const folder = await mkdtemp(path.join(cacheFolder, 'layer-'))
  try {
    await chmod(folder, 0o755) // it becomes the root folder
    await fillFolder(folder)
    return await layerOf(folder, file)
  } finally {
    await rm(folder, { recursive: true })
  }
}
