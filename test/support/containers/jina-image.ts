import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { pythonPath } from '../../interop/python.js'
import { layerOf, sha256, writeImage } from './archive.js'
import { baseLayerFile, cacheFolder, type ImageFile, root } from './images.js'
import { addLibraries, librariesOf } from './system-files.js'

const run = promisify(execFile)

/** Where Python is in the image. */
const home = '/opt/python'

/** Of the standard library: what nobody needs who runs a program. */
const unused = new Set(['site-packages', 'test', 'idlelib', 'tkinter', 'ensurepip', 'lib2to3', 'turtledemo'])
/** Packages of the environment that Jina does without. */
const unneeded = /^(sklearn|scikit|scipy|matplotlib|fontTools|fonttools|pip|kiwisolver|narwhals|pandas)/

/**
 * An image with real Jina and one Executor (test/fixtures/jina-image), whose entry point is that of Jina's own images. Python and
 * Jina are those that `scripts/peers.mjs python` installs.
 */
export async function makeJinaImage(): Promise<ImageFile> {
  const layers = [await baseLayerFile(), await pythonLayer(), await executorLayer()]
  const hash = (await sha256(layers[2]!)).slice(0, 12)
  const image = {
    name: `docker.io/local/reverser:${hash}`,
    file: path.join(cacheFolder, `reverser-${hash}.tar`),
  }
  if (existsSync(image.file)) return image
  await writeImage(image.file, {
    name: image.name,
    layers,
    config: {
      Env: [
        `PATH=${home}/bin:/usr/local/bin:/usr/bin:/bin`,
        `PYTHONHOME=${home}`,
        `PYTHONPATH=${home}/packages`,
        `LD_LIBRARY_PATH=${home}/lib`,
        'PYTHONDONTWRITEBYTECODE=1',
        'JINA_OPTOUT_TELEMETRY=1',
      ],
      WorkingDir: '/workdir',
      Entrypoint: ['jina', 'executor', '--uses', 'config.yml'],
    },
  })
  return image
}

async function pythonLayer(): Promise<string> {
  const pins = await readFile(path.join(root, 'bench/peers/requirements.txt'))
  const key = createHash('sha256').update(pins).digest('hex').slice(0, 16)
  const file = path.join(cacheFolder, `python-${key}.layer.tar`)
  if (existsSync(file)) return file
  const { stdout } = await run(pythonPath(), ['-c', 'import sys; print(sys.base_prefix); print(sys.prefix)'])
  const [base, environment] = stdout.trim().split('\n') as [string, string]
  const folder = await mkdtemp(path.join(cacheFolder, 'python-'))
  try {
    await chmod(folder, 0o755) // it becomes the root folder
    const target = path.join(folder, home)
    await mkdir(path.join(target, 'bin'), { recursive: true })
    const program = path.join(base, 'bin/python3.11')
    await cp(program, path.join(target, 'bin/python3.11'), { dereference: true })
    await addLibraries(
      folder,
      (await librariesOf(program)).filter((library) => !library.startsWith(base)),
    )
    await copyStandardLibrary(base, target)
    await copyPackages(path.join(environment, 'lib/python3.11/site-packages'), path.join(target, 'packages'))
    await addLibraries(folder, await extensionLibraries(target))
    const jina = path.join(target, 'bin/jina')
    await writeFile(
      jina,
      `#!${home}/bin/python3.11\nimport sys\nfrom jina_cli import main\nsys.exit(main())\n`,
    )
    await chmod(jina, 0o755)
    return await layerOf(folder, file)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function copyStandardLibrary(base: string, target: string): Promise<void> {
  const lib = path.join(base, 'lib')
  for (const name of (await readdir(lib)).filter((one) => one.startsWith('libpython')))
    await cp(path.join(lib, name), path.join(target, 'lib', name), { dereference: true })
  await cp(path.join(lib, 'python3.11'), path.join(target, 'lib/python3.11'), {
    recursive: true,
    filter: (source) => !unused.has(path.basename(source)) && !/config-3|__pycache__/.test(source),
  })
}

async function copyPackages(source: string, target: string): Promise<void> {
  for (const name of await readdir(source)) {
    if (!unneeded.test(name)) await cp(path.join(source, name), path.join(target, name), { recursive: true })
  }
}

/** What the extension modules below a folder take from the system. */
async function extensionLibraries(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => /\.so(\.|$)/.test(name))
  const libraries = new Set<string>()
  for (const name of files) {
    for (const library of await librariesOf(path.join(folder, name))) libraries.add(library)
  }
  return [...libraries].filter((library) => /^\/(usr\/)?lib/.test(library))
}

async function executorLayer(): Promise<string> {
  const folder = await mkdtemp(path.join(cacheFolder, 'reverser-'))
  try {
    await chmod(folder, 0o755)
    await cp(path.join(root, 'test/fixtures/jina-image'), path.join(folder, 'workdir'), { recursive: true })
    return await layerOf(folder, path.join(cacheFolder, 'reverser.layer.tar'))
  } finally {
    await rm(folder, { recursive: true })
  }
}
