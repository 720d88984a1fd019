//go:build converted

package main

import "reflect"

// A conversion of a nil pointer to a type of the same form.
func start(v reflect.Value) reflect.Value {
	return reflect.ValueOf((*struct{ _ int })(nil)).Convert(reflect.PointerTo(v.Field(1).Type()))
}
