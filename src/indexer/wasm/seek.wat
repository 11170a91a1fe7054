;; Finds rows of int16 whose product with a query may be large enough, eight numbers an instruction.
;;
;;   seek(rows, end, query, out, stride, threshold) -> address
;;
;; Looks at four rows at a time, from `rows` to `end`, for a product that is at least `threshold`. Returns the address of the
;; first such four, with their products (four int32) written to `out`; returns `end` when there are none. All parameters
;; but the threshold are addresses and lengths in bytes; rows and query are `stride` bytes long, a multiple of 16, and `end`
;; is a multiple of four rows behind `rows`. Products must fit into int32.
;;
;; `npm run gen:wasm` compiles this file into modules.ts.
(module
  (import "m" "m" (memory 1))

  (func (export "seek")
    (param $rows i32) (param $end i32) (param $query i32) (param $out i32) (param $stride i32) (param $threshold i32)
    (result i32)
    (local $row2 i32) (local $row3 i32) (local $row4 i32) (local $at i32)
    (local $sum1 v128) (local $sum2 v128) (local $sum3 v128) (local $sum4 v128) (local $part v128)
    (loop $nextFour
      (local.set $sum1 (v128.const i64x2 0 0))
      (local.set $sum2 (v128.const i64x2 0 0))
      (local.set $sum3 (v128.const i64x2 0 0))
      (local.set $sum4 (v128.const i64x2 0 0))
      (local.set $row2 (i32.add (local.get $rows) (local.get $stride)))
      (local.set $row3 (i32.add (local.get $row2) (local.get $stride)))
      (local.set $row4 (i32.add (local.get $row3) (local.get $stride)))
      (local.set $at (i32.const 0))
      (loop $nextEight
        (local.set $part (v128.load (i32.add (local.get $query) (local.get $at))))
        (local.set $sum1 (i32x4.add (local.get $sum1) (i32x4.dot_i16x8_s
          (v128.load (i32.add (local.get $rows) (local.get $at))) (local.get $part))))
        (local.set $sum2 (i32x4.add (local.get $sum2) (i32x4.dot_i16x8_s
          (v128.load (i32.add (local.get $row2) (local.get $at))) (local.get $part))))
        (local.set $sum3 (i32x4.add (local.get $sum3) (i32x4.dot_i16x8_s
          (v128.load (i32.add (local.get $row3) (local.get $at))) (local.get $part))))
        (local.set $sum4 (i32x4.add (local.get $sum4) (i32x4.dot_i16x8_s
          (v128.load (i32.add (local.get $row4) (local.get $at))) (local.get $part))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $nextEight (i32.lt_u (local.get $at) (local.get $stride))))
      ;; each sum has four lanes: adding neighbours twice leaves one lane for each row
      (local.set $sum1 (i32x4.add
        (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $sum1) (local.get $sum2))
        (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $sum1) (local.get $sum2))))
      (local.set $sum3 (i32x4.add
        (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $sum3) (local.get $sum4))
        (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $sum3) (local.get $sum4))))
      (local.set $sum1 (i32x4.add
        (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $sum1) (local.get $sum3))
        (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $sum1) (local.get $sum3))))
      (if (v128.any_true (i32x4.ge_s (local.get $sum1) (i32x4.splat (local.get $threshold))))
        (then
          (v128.store (local.get $out) (local.get $sum1))
          (return (local.get $rows))))
      (local.set $rows (i32.add (local.get $row4) (local.get $stride)))
      (br_if $nextFour (i32.lt_u (local.get $rows) (local.get $end))))
    (local.get $end)))
