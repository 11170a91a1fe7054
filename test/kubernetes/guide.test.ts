import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, inject, it } from 'vitest'
import { projectImage } from '../support/containers/images.js'
import { type Guide, guideCommands, guideOutput, openGuide } from '../support/guide.js'
import { importImage } from './support/cluster.js'
import { kubectl } from './support/kubectl.js'

it('the guide from the laptop to the cluster runs on Kubernetes', { timeout: 300_000 }, async () => {
  await using guide = await openGuide()
  await bring(guide)
  const said: string[] = []
  try {
    for (const line of await guideCommands('kubernetes'))
      said.push(await guide.run(line, { KUBECONFIG: inject('kubeconfig') }))
    const all = said.join('')
    expect(all).toContain(await guideOutput('kubernetes'))
    expect(all).toMatch(/slow_executor +1 of 1 ready/)
    expect(all).toContain('slow_executor: 1 → 2')
    expect(all).toContain('deployment "gateway" successfully rolled out')
  } finally {
    await kubectl(['delete', 'namespace', 'news', '--wait=true', '--timeout=120s'])
  }
})

/** The image that the guide builds, in the cluster. */
async function bring({ folder }: Guide): Promise<void> {
  const built = await mkdtemp(path.join(tmpdir(), 'millrace-built-'))
  try {
    const project = path.join(built, 'project')
    const clients = [
      path.join(folder, 'node_modules/dockerode'),
      path.join(folder, 'node_modules/@kubernetes'),
    ]
    const filter = (source: string): boolean => !clients.includes(source)
    await cp(folder, project, { recursive: true, verbatimSymlinks: true, filter })
    const { file } = await projectImage('registry.example/news:1', project, path.join(built, 'news.tar'))
    await importImage(inject('containerd'), file)
  } finally {
    await rm(built, { recursive: true })
  }
}
