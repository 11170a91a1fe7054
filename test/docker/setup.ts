import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { type Engine, startEngine } from '../support/containers/engine.js'
import { makeImages } from '../support/containers/images.js'

const run = promisify(execFile)

declare module 'vitest' {
  interface ProvidedContext {
    /** In the form of DOCKER_HOST, which each test gets in its environment. */
    readonly dockerHost: string
    /** Stands in for `node:24-slim`. */
    readonly baseImage: string
    /** A project with Millrace: see test/support/containers/images.ts. */
    readonly projectImage: string
    /** Files of the layers of that image. */
    readonly projectLayers: readonly string[]
  }
}

let engine: Engine | null = null

/** A running engine with the images of the tests. */
export async function setup(project: TestProject): Promise<void> {
  const images = await makeImages()
  engine = await startEngine()
  // inherited by the processes that run the tests
  process.env.DOCKER_HOST = engine.host
  try {
    for (const { name, file } of [images.base, images.project]) await load(engine.host, name, file)
  } catch (error) {
    await engine.stop()
    throw error
  }
  project.provide('dockerHost', engine.host)
  project.provide('baseImage', images.base.name)
  project.provide('projectImage', images.project.name)
  project.provide('projectLayers', images.project.layers)
}

export async function teardown(): Promise<void> {
  await engine?.stop()
}

/** Loads an image unless the engine has it: an image's name changes with its content. */
async function load(host: string, name: string, file: string): Promise<void> {
  const docker = (...args: string[]): Promise<unknown> => run('docker', ['--host', host, ...args])
  const isThere = await docker('image', 'inspect', name).then(
    () => true,
    () => false,
  )
  if (!isThere) await docker('load', '--input', file)
}
