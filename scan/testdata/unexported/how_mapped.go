//go:build mapped

package main

import "reflect"

// What is not in a new map, and then is.
func start(v reflect.Value) reflect.Value {
	pointer := reflect.PointerTo(v.Field(1).Type())
	m := reflect.MakeMap(reflect.MapOf(reflect.TypeOf(""), pointer))
	m.SetMapIndex(v.Field(0), reflect.Zero(pointer))
	return m.MapIndex(v.Field(0))
}
