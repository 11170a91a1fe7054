import { Flow } from 'millrace'
import { Reader } from './reader.js'

/** The Flow of flow.yml, which names its classes. */
export const flow = await Flow.loadConfig(new URL('../flow.yml', import.meta.url), { executors: [Reader] })
