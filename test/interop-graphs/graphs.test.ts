import { describeShapes } from '../interop/graph-comparison.js'
import { shapes } from '../interop/graph-shapes.js'

describeShapes(shapes)
