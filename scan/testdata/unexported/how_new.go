//go:build new

package main

import "reflect"

// A new value.
func start(v reflect.Value) reflect.Value { return reflect.New(v.Field(1).Type()) }
