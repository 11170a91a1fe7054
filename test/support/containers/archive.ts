import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The configuration of an image, as in a Dockerfile. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[]
  readonly Cmd?: readonly string[]
  readonly Env?: readonly string[]
  readonly WorkingDir?: string
  readonly User?: string
  readonly ExposedPorts?: Readonly<Record<string, object>>
}

export interface Image {
  /** With its tag. */
  readonly name: string
  /** One layer each, as `layerOf` makes them, the lowest first. */
  readonly layers: readonly string[]
  readonly config: ImageConfig
}

/** A folder as one image layer, reproducible: owners and times of files do not matter. */
export async function layerOf(folder: string, file: string): Promise<string> {
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu']
  await run('tar', [...same, '-C', folder, '-cf', `${file}.new`, '.'])
  await rename(`${file}.new`, file)
  return file
}

/** Writes an image as `docker save` does, for `docker load` and `ctr images import`. */
export async function writeImage(file: string, { name, layers, config }: Image): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  const folder = await mkdtemp(`${file}-`)
  try {
    const digests = await Promise.all(layers.map(sha256))
    const description = JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: digests.map((digest) => `sha256:${digest}`) },
      history: digests.map(() => ({ created_by: 'test' })),
    })
    const configFile = `${createHash('sha256').update(description).digest('hex')}.json`
    const layerFiles = digests.map((digest) => `${digest}.tar`)
    const manifest = [{ Config: configFile, RepoTags: [name], Layers: layerFiles }]
    await writeFile(path.join(folder, configFile), description)
    await writeFile(path.join(folder, 'manifest.json'), JSON.stringify(manifest))
    for (const [index, layer] of layers.entries())
      await symlink(path.resolve(layer), path.join(folder, layerFiles[index]!))
    await run('tar', ['--dereference', '-C', folder, '-cf', `${file}.new`, '.'])
    await rename(`${file}.new`, file)
  } finally {
    await rm(folder, { recursive: true })
  }
}

export async function sha256(file: string): Promise<string> {
  if (!statSync(file).isFile()) throw new Error(`${file} is no file`)
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
