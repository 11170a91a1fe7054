import type { TestProject } from 'vitest/node'
import { makeImages } from '../../support/containers/images.js'
import { startCluster } from './cluster.js'
import { openVolumes } from './volumes.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of the kubeconfig of the cluster. */
    kubeconfig: string
    /** Socket of its node's containerd; empty when unknown. */
    containerd: string
    /** Image of a project with Millrace (test/fixtures/project), loaded in the cluster. */
    image: string
    /** Files of the layers of that image. */
    readonly projectLayers: readonly string[]
  }
}

let stop = async (): Promise<void> => {}

export async function setup(project: TestProject): Promise<void> {
  const { project: image } = await makeImages()
  const cluster = await startCluster()
  const volumes = await openVolumes()
  stop = async () => {
    volumes.close()
    await cluster.stop()
  }
  try {
    await cluster.load(image.file)
  } catch (error) {
    await stop()
    throw error
  }
  project.provide('kubeconfig', cluster.kubeconfig)
  project.provide('containerd', cluster.containerd)
  project.provide('image', image.name)
  project.provide('projectLayers', image.layers)
}

export async function teardown(): Promise<void> {
  await stop()
}
