//go:build go1.18

package main

//go:noinline
func closeAll[T closer](all []T) {
	for _, c := range all {
		c.close()
	}
}
