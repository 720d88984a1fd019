//go:build interfaced

package main

import "reflect"

type converter interface {
	Convert(reflect.Type) reflect.Value
}

var from converter = reflect.ValueOf((*struct{ _ int })(nil))

// A method of a value in an interface.
func start(v reflect.Value) reflect.Value { return from.Convert(reflect.PointerTo(v.Field(1).Type())) }
