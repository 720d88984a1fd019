//go:build sliced

package main

import "reflect"

// An element of a new slice.
func start(v reflect.Value) reflect.Value {
	return reflect.MakeSlice(v.Field(2).Type(), 1, 1).Index(0).Addr()
}
