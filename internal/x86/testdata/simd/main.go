//go:build goexperiment.simd && amd64

// Command simd holds the instructions behind every method of the vector types:
// a method that is called by reflection keeps all of them in the program. It is
// built to be disassembled.
package main

import (
	"fmt"
	"os"
	"reflect"
	"simd/archsimd"
)

var vectors = []any{
	archsimd.Int8x16{}, archsimd.Int8x32{}, archsimd.Int8x64{},
	archsimd.Int16x8{}, archsimd.Int16x16{}, archsimd.Int16x32{},
	archsimd.Int32x4{}, archsimd.Int32x8{}, archsimd.Int32x16{},
	archsimd.Int64x2{}, archsimd.Int64x4{}, archsimd.Int64x8{},
	archsimd.Uint8x16{}, archsimd.Uint8x32{}, archsimd.Uint8x64{},
	archsimd.Uint16x8{}, archsimd.Uint16x16{}, archsimd.Uint16x32{},
	archsimd.Uint32x4{}, archsimd.Uint32x8{}, archsimd.Uint32x16{},
	archsimd.Uint64x2{}, archsimd.Uint64x4{}, archsimd.Uint64x8{},
	archsimd.Float32x4{}, archsimd.Float32x8{}, archsimd.Float32x16{},
	archsimd.Float64x2{}, archsimd.Float64x4{}, archsimd.Float64x8{},
}

func main() {
	for _, v := range vectors {
		m := reflect.ValueOf(v)
		fmt.Println(m.Type(), m.Method(len(os.Args)).Type())
	}
}
