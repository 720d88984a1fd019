//go:build zero

package main

import "reflect"

// A pointer, which is nil.
func start(v reflect.Value) reflect.Value { return reflect.Zero(reflect.PointerTo(v.Field(1).Type())) }
