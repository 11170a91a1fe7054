import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Engine } from './engine.js'
import { dockerFailure } from './failure.js'

export interface ExecEnd {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program in a running container. @throws NOT_FOUND, START_FAILED, UNAVAILABLE when the container or the engine is gone */
export async function execIn({ docker }: Engine, id: string, command: readonly string[]): Promise<ExecEnd> {
  try {
    const exec = await docker
      .getContainer(id)
      .exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true })
    const stream = await exec.start({})
    const [out, err] = [new PassThrough(), new PassThrough()]
    docker.modem.demuxStream(stream, out, err)
    for (const event of ['end', 'close', 'error']) {
      stream.once(event, () => {
        out.end()
        err.end()
      })
    }
    const [stdout, stderr] = await Promise.all([text(out), text(err)])
    return { code: (await exec.inspect()).ExitCode ?? -1, stdout, stderr }
  } catch (error) {
    throw dockerFailure(error, `${command[0]} cannot be run in the container ${id.slice(0, 12)}`)
  }
}
