//go:build function

package main

import "reflect"

var maker = reflect.New

// A function value, out of a variable.
func start(v reflect.Value) reflect.Value { return maker(v.Field(1).Type()) }
