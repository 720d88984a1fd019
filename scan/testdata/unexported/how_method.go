//go:build method

package main

import "reflect"

// A method value.
func start(v reflect.Value) reflect.Value {
	convert := reflect.ValueOf((*struct{ _ int })(nil)).Convert
	return apply(convert, reflect.PointerTo(v.Field(1).Type()))
}

//go:noinline
func apply(f func(reflect.Type) reflect.Value, t reflect.Type) reflect.Value { return f(t) }
