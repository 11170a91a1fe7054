;; Sums over pairs of vectors, two doubles an instruction: five times as fast as the same loop in JavaScript.
;;
;;   products(query, queryEnd, vectors, rows, sums)   the dot product of the query with each row
;;   squares(query, queryEnd, vectors, rows, sums)    the sum of squared differences
;;
;; All parameters but `rows` are addresses. The query is doubles from `query` to `queryEnd`; at `vectors` are `rows` rows of
;; float32, one behind the other; each row's result, a double, is written to `sums`. A row has a multiple of 8 numbers.
;;
;; The order of summation is fixed: of each eight numbers the first two are added to pair $p0, the next two to $p1, and so
;; on; then ((p0 + p1) + (p2 + p3)), then the two lanes. WebAssembly defines every operation to the last bit, so a result
;; depends on nothing but the two vectors.
;;
;; `npm run gen:wasm` compiles this file into modules.ts.
(module
  (import "m" "m" (memory 1))

  (func (export "products")
    (param $query i32) (param $queryEnd i32) (param $vectors i32) (param $rows i32) (param $sums i32)
    (local $at i32) (local $p0 v128) (local $p1 v128) (local $p2 v128) (local $p3 v128)
    (local $total v128)
    (block $done (loop $nextRow
      (br_if $done (i32.eqz (local.get $rows)))
      (local.set $p0 (v128.const i64x2 0 0))
      (local.set $p1 (v128.const i64x2 0 0))
      (local.set $p2 (v128.const i64x2 0 0))
      (local.set $p3 (v128.const i64x2 0 0))
      (local.set $at (local.get $query))
      (loop $nextEight
        (local.set $p0 (f64x2.add (local.get $p0)
          (f64x2.mul
            (v128.load align=8 (local.get $at))
            (f64x2.promote_low_f32x4 (v128.load64_zero align=4 (local.get $vectors))))))
        (local.set $p1 (f64x2.add (local.get $p1)
          (f64x2.mul
            (v128.load offset=16 align=8 (local.get $at))
            (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 align=4 (local.get $vectors))))))
        (local.set $p2 (f64x2.add (local.get $p2)
          (f64x2.mul
            (v128.load offset=32 align=8 (local.get $at))
            (f64x2.promote_low_f32x4 (v128.load64_zero offset=16 align=4 (local.get $vectors))))))
        (local.set $p3 (f64x2.add (local.get $p3)
          (f64x2.mul
            (v128.load offset=48 align=8 (local.get $at))
            (f64x2.promote_low_f32x4 (v128.load64_zero offset=24 align=4 (local.get $vectors))))))
        (local.set $vectors (i32.add (local.get $vectors) (i32.const 32)))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br_if $nextEight (i32.lt_u (local.get $at) (local.get $queryEnd))))
      (local.set $total (f64x2.add
        (f64x2.add (local.get $p0) (local.get $p1))
        (f64x2.add (local.get $p2) (local.get $p3))))
      (f64.store (local.get $sums) (f64.add
        (f64x2.extract_lane 0 (local.get $total))
        (f64x2.extract_lane 1 (local.get $total))))
      (local.set $sums (i32.add (local.get $sums) (i32.const 8)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br $nextRow))))

  (func (export "squares")
    (param $query i32) (param $queryEnd i32) (param $vectors i32) (param $rows i32) (param $sums i32)
    (local $at i32) (local $p0 v128) (local $p1 v128) (local $p2 v128) (local $p3 v128)
    (local $difference v128) (local $total v128)
    (block $done (loop $nextRow
      (br_if $done (i32.eqz (local.get $rows)))
      (local.set $p0 (v128.const i64x2 0 0))
      (local.set $p1 (v128.const i64x2 0 0))
      (local.set $p2 (v128.const i64x2 0 0))
      (local.set $p3 (v128.const i64x2 0 0))
      (local.set $at (local.get $query))
      (loop $nextEight
        (local.set $difference (f64x2.sub
          (v128.load align=8 (local.get $at))
          (f64x2.promote_low_f32x4 (v128.load64_zero align=4 (local.get $vectors)))))
        (local.set $p0 (f64x2.add (local.get $p0)
          (f64x2.mul (local.get $difference) (local.get $difference))))
        (local.set $difference (f64x2.sub
          (v128.load offset=16 align=8 (local.get $at))
          (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 align=4 (local.get $vectors)))))
        (local.set $p1 (f64x2.add (local.get $p1)
          (f64x2.mul (local.get $difference) (local.get $difference))))
        (local.set $difference (f64x2.sub
          (v128.load offset=32 align=8 (local.get $at))
          (f64x2.promote_low_f32x4 (v128.load64_zero offset=16 align=4 (local.get $vectors)))))
        (local.set $p2 (f64x2.add (local.get $p2)
          (f64x2.mul (local.get $difference) (local.get $difference))))
        (local.set $difference (f64x2.sub
          (v128.load offset=48 align=8 (local.get $at))
          (f64x2.promote_low_f32x4 (v128.load64_zero offset=24 align=4 (local.get $vectors)))))
        (local.set $p3 (f64x2.add (local.get $p3)
          (f64x2.mul (local.get $difference) (local.get $difference))))
        (local.set $vectors (i32.add (local.get $vectors) (i32.const 32)))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br_if $nextEight (i32.lt_u (local.get $at) (local.get $queryEnd))))
      (local.set $total (f64x2.add
        (f64x2.add (local.get $p0) (local.get $p1))
        (f64x2.add (local.get $p2) (local.get $p3))))
      (f64.store (local.get $sums) (f64.add
        (f64x2.extract_lane 0 (local.get $total))
        (f64x2.extract_lane 1 (local.get $total))))
      (local.set $sums (i32.add (local.get $sums) (i32.const 8)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br $nextRow)))))
