import { homedir } from 'node:os'
import path from 'node:path'
import type Dockerode from 'dockerode'
import type { Volume } from '../plan/container.js'
import type { Engine } from './engine.js'
import { dockerFailure, isNotFound } from './failure.js'

/** A mount of a container. */
export type Mount =
  | { readonly kind: 'volume'; readonly name: string; readonly target: string; readonly labels?: Labels }
  /** A host folder, which must exist. */
  | { readonly kind: 'folder'; readonly source: string; readonly target: string; readonly readOnly?: boolean }
  /** A tmpfs, lost with the container. */
  | { readonly kind: 'memory'; readonly target: string }

type Labels = Readonly<Record<string, string>>

/** A source beginning with `/`, `.` or `~` is a folder, any other source a volume; null is the volume `made`. */
export function mountOf(
  { source, target }: Volume,
  { made, labels = {} }: { readonly made: string; readonly labels?: Labels },
): Mount {
  if (source === null) return { kind: 'volume', name: made, target, labels }
  if (!/^[./~]/.test(source)) return { kind: 'volume', name: source, target }
  const folder = source.startsWith('~') ? path.join(homedir(), source.slice(1)) : path.resolve(source)
  return { kind: 'folder', source: folder, target }
}

/** The volume mounts whose volume does not exist yet. */
export async function newVolumes({ docker }: Engine, mounts: readonly Mount[]): Promise<readonly Mount[]> {
  const isNew = async (mount: Mount): Promise<boolean> => {
    if (mount.kind !== 'volume') return false
    try {
      await docker.getVolume(mount.name).inspect()
      return false
    } catch (error) {
      if (isNotFound(error)) return true
      throw dockerFailure(error, `The volume ${mount.name} cannot be looked up`)
    }
  }
  const answers = await Promise.all(mounts.map(isNew))
  return mounts.filter((_, index) => answers[index])
}

/** Docker creates missing volumes, with these labels. */
export function mountsOf(mounts: readonly Mount[]): Dockerode.MountConfig {
  return mounts.map((mount): Dockerode.MountSettings => {
    const { target: Target } = mount
    switch (mount.kind) {
      case 'volume': {
        const VolumeOptions = {
          NoCopy: false,
          Labels: { ...mount.labels },
          DriverConfig: { Name: 'local', Options: {} },
        }
        return { Type: 'volume', Source: mount.name, Target, VolumeOptions }
      }
      case 'folder':
        return { Type: 'bind', Source: mount.source, Target, ReadOnly: mount.readOnly ?? false }
      case 'memory':
        return { Type: 'tmpfs', Source: '', Target }
    }
  })
}
