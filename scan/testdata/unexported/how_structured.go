//go:build structured

package main

import "reflect"

// A field of a struct that is made.
func start(v reflect.Value) reflect.Value {
	t := reflect.StructOf([]reflect.StructField{{Name: "Field", Type: v.Field(1).Type()}})
	return reflect.New(t).Elem().Field(0).Addr()
}
